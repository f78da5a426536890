"""A sample of the tables in processes of its own, as a shell starts them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.campaigns.bad_input import test_commands, test_settings, test_task_options
from tests.campaigns.bad_input.house import check, environment, inventory, outcome, set_up
from tests.campaigns.bad_input.rows import Row, name_of
from tests.isolated_home import FLOWKIT

_TABLES = (test_commands.ROWS, test_settings.ROWS, test_task_options.ROWS)
_EVERY = 16
SAMPLE = [
    row
    for table in _TABLES
    for row in table[::_EVERY]
    # What only a fork can be given.
    if not (row.cwd_vanishes or row.unprivileged or row.needs_root or row.missing or row.stdout)
]


@pytest.mark.parametrize("row", SAMPLE, ids=name_of)
def test_a_process_answers_as_the_tables_say(tmp_path: Path, row: Row) -> None:
    root = tmp_path / "row"
    set_up(row, root)
    before = inventory(root)
    with open(row.stdin.replace("{root}", str(root)), "rb") as stdin:
        process = subprocess.run(
            [FLOWKIT, *(argument.replace("{root}", str(root)) for argument in row.arguments)],
            stdin=stdin,
            capture_output=True,
            env=environment(row, root, {}),
            cwd=root / "work",
            timeout=60,
            check=False,
        )
    check(row, outcome(process.returncode, process.stdout, process.stderr), root, {})
    assert inventory(root) == before


def test_stdin_that_is_closed_is_an_input_like_any_other(tmp_path: Path) -> None:
    process = subprocess.run(
        ["bash", "-c", f"exec {FLOWKIT} config set api_key <&-"],
        env=environment(Row([], "", None), tmp_path, {}),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, b"")
    assert process.stderr.startswith(b"flowkit: error: ")
    assert inventory(tmp_path) == {}


def test_a_pipe_that_a_shell_makes_is_a_file_like_any_other(tmp_path: Path) -> None:
    # Opened as it is: what comes from it is read, and only its second line is wrong.
    process = subprocess.run(
        ["bash", "-c", f"{FLOWKIT} run --env-file <(sleep 0.2; printf 'A=1\\n=2\\n') x"],
        env=environment(Row([], "", None), tmp_path, {}),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 2
    assert b", line 2: not NAME=VALUE\n" in process.stderr
