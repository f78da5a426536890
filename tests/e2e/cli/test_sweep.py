"""`flowkit sweep`: many cases, one exit code, and a table of what became of them."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Callable

import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine, Terminal


def started(cli: CommandLine, *arguments: str) -> str:
    """Start a sweep and return its id."""
    finished = cli("sweep", "--detach", *arguments)
    assert finished.exit_code == 0, finished
    return finished.stdout.decode().strip()


def rows(output: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output.decode())))


def test_a_sweep_from_its_start_to_its_table(cli: CommandLine) -> None:
    command = ("bash", "-c", "exit $(( {N} * {FACTOR} ))")
    values = ("--param", "N=range:2", "--param", "FACTOR=case:1,2")
    finished = cli("sweep", *values, "-o", "csv", "--cpus", "0.1", "--", *command)
    assert finished.exit_code == 1
    table = rows(finished.stdout)
    assert [(row["N"], row["FACTOR"], row["exit_code"]) for row in table] == [
        ("0", "1", "0"),
        ("0", "2", "0"),
        ("1", "1", "1"),
        ("1", "2", "2"),
    ]
    assert finished.error[0].endswith("submitted: 4 cases")
    assert "case 3 failed (exit code 2)  N=1 FACTOR=2" in "\n".join(finished.error)
    assert finished.error[-1].startswith("flowkit: 4/4 case ")


def test_it_exits_with_0_when_all_have_completed(cli: CommandLine) -> None:
    values = ("--param", "A=case:x,y", "--param", "B=case:1,2", "--zip", "--quiet")
    finished = cli("sweep", *values, "-o", "json", "--", "test", "{A}{B}", "!=", "x2")
    assert (finished.exit_code, finished.error) == (0, [])
    told = [(row["A"], row["B"], row["status"]) for row in json.loads(finished.stdout)]
    assert told == [("x", "1", "completed"), ("y", "2", "completed")]


def test_the_table_for_people(cli: CommandLine) -> None:
    finished = cli("sweep", "--param", "A=case:x", "--", "true")
    head, row = finished.stdout.decode().splitlines()
    assert head.split() == ["CASE", "A", "STATUS", "EXIT_CODE", "TASK_ID"]
    assert row.split()[:4] == ["0", "x", "completed", "0"]


def test_a_failure_stops_all_when_it_is_to(cli: CommandLine) -> None:
    line = "[ {N} = 0 ] && exit 3; exec sleep 60"
    finished = cli(
        "sweep", "--fail-fast", "--max-parallel", "1", "--param", "N=range:3", "-o", "csv",
        "--", "bash", "-c", line,
    )  # fmt: skip
    assert finished.exit_code == 1
    assert [row["status"] for row in rows(finished.stdout)] == ["failed", "cancelled", "cancelled"]


def test_a_sweep_is_found_by_its_name_and_retried(cli: CommandLine) -> None:
    sweep_id = started(
        cli, "--name", "again", "--param", "N=range:2", "--", "bash", "-c", "exit {N}"
    )
    assert cli("sweep", "wait", "again", "--timeout", "30s").exit_code == 1
    listed = json.loads(cli("sweep", "ls", "--name", "again", "-o", "json").stdout)
    assert [(sweep["id"], sweep["status"]) for sweep in listed] == [(sweep_id, "failed")]
    assert cli("sweep", "retry", "again").stdout.decode().split() == [sweep_id, "running"]
    assert cli("sweep", "wait", sweep_id).exit_code == 1
    shown = cli("sweep", "show", "again").stdout.decode()
    assert "1 completed, 1 failed" in shown
    assert cli("sweep", "delete", "again").exit_code == 0
    assert cli("sweep", "show", sweep_id).exit_code == 3


def test_a_sweep_is_cancelled(cli: CommandLine) -> None:
    sweep_id = started(cli, "--max-parallel", "1", "--param", "N=range:5", "--", "sleep", "60")
    finished = cli("sweep", "wait", sweep_id, "--timeout", "0.2s")
    assert finished.exit_code == 124
    assert "5 of 5 cases are left" in finished.error[0]
    assert cli("sweep", "cancel", sweep_id).exit_code == 0
    finished = cli("sweep", "wait", sweep_id, "-o", "csv")
    assert finished.exit_code == 1
    assert {row["status"] for row in rows(finished.stdout)} == {"cancelled"}


def test_ctrl_c_leaves_the_sweep_running(cli: CommandLine) -> None:
    process = cli.start("sweep", "--param", "N=range:2", "--", "sleep", "60")
    assert process.stderr is not None
    sweep_id = process.stderr.readline().decode().split()[1]
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"flowkit sweep wait {sweep_id}" in told.decode()
    status = json.loads(cli("api", "GET", f"/v1/sweeps/{sweep_id}").stdout)["status"]
    assert status == "running"
    cli("sweep", "cancel", sweep_id)


def test_a_terminal_shows_a_bar(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("sweep", "--param", "N=range:3", "--", "true")
    assert shown.wait() == 0
    assert "3/3" in shown.text
    assert "0 failed" in shown.text
    eventually(lambda: "completed" in shown.text)


def test_a_command_may_be_called_as_a_word_of_ours(cli: CommandLine) -> None:
    finished = cli("sweep", "--param", "N=range:1", "-q", "-o", "json", "--", "ls", "/")
    assert json.loads(finished.stdout)[0]["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["--", "true"], "there is no --param to sweep over", "as in flowkit sweep --param"),
        (["shwo", "x"], "there is no --param to sweep over", "did you mean `flowkit sweep show`"),
        ([], "missing command", "see `flowkit sweep --help`"),
        (["--param", "A=case:1"], "there is no command to run", "python train.py"),
        (["--param", "A", "true"], "--param: 'A' is not NAME=VALUES", "as in --param"),
        (["--param", "A=1,2", "true"], "A: '1,2' is no list of values", "write case:a,b,c"),
        (["--param", "1=case:1", "true"], "invalid parameter name '1'", "that of a variable"),
        (
            ["--param", "A=case:1", "--param", "A=case:2", "true"],
            "--param: A is given twice",
            "all of its values",
        ),
        (
            ["--zip", "--param", "A=case:1", "--param", "B=case:1,2", "true"],
            "values of different number cannot be zipped: A has 1, B has 2",
            "leave out zip",
        ),
        (["--max-parallel", "0", "--param", "A=case:1", "true"], "0 is too small", "at least 1"),
        (["-o", "xml", "--param", "A=case:1", "true"], "'xml' is not one of table, csv", "--help"),
    ],
)
def test_a_wrong_command_line(
    cli: CommandLine, arguments: list[str], error: str, hint: str
) -> None:
    finished = cli("sweep", *arguments)
    assert (finished.exit_code, finished.stdout) == (2, b"")
    assert error in finished.error[0]
    assert hint in finished.error[1]


@pytest.mark.parametrize("verb", ["show", "wait", "cancel", "retry", "delete"])
def test_a_sweep_that_is_not_there(cli: CommandLine, verb: str) -> None:
    finished = cli("sweep", verb, "nowhere")
    assert finished.exit_code == 3
    assert finished.error == [
        "flowkit: error: no sweep has the id or name 'nowhere'",
        "hint: `flowkit sweep ls` lists the sweeps",
    ]
