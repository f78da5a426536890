"""`flowkit run`: the task's output and exit code are the command's own."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine, Terminal
from tests.unit.cli.program import environment

PRINT_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"


def notices(stderr: bytes) -> list[str]:
    return [line for line in stderr.decode().splitlines() if line.startswith("flowkit: ")]


def task_of(stderr: bytes) -> str:
    """Return the id in the notice that a task was submitted."""
    return next(line.split()[1] for line in notices(stderr) if line.endswith(" submitted"))


def test_the_main_job_on_an_empty_home(fresh: CommandLine) -> None:
    finished = fresh("run", "--gpu", "a100:2", "--", "bash", "-c", "echo hi; echo err >&2; exit 7")
    assert finished.exit_code == 7
    assert finished.stdout == b"hi\n"
    own = [line for line in finished.error if not line.startswith("flowkit: ")]
    assert own == ["err"]
    assert sum("simulated" in line for line in finished.error) == 1


def test_the_output_of_several_machines_is_told_apart(cli: CommandLine) -> None:
    script = "echo rank $FLOWKIT_NODE_RANK; printf unfinished >&2; exit $((FLOWKIT_NODE_RANK * 3))"
    finished = cli("run", "-q", "--num-instances", "2", "--cpus", "0.2", script)

    assert finished.exit_code == 3
    assert sorted(finished.stdout.splitlines()) == [b"[0] rank 0", b"[1] rank 1"]
    assert sorted(finished.stderr.splitlines()) == [b"[0] unfinished", b"[1] unfinished"]


@pytest.mark.parametrize(
    "text",
    [
        "num_nodes: 2\nsetup: echo setup\nrun: echo run $FLOWKIT_NODE_RANK\n",
        "type: task\nnodes: 2\ncommands: [echo setup, echo run $FLOWKIT_NODE_RANK]\n",
    ],
)
def test_nodes_in_other_words_are_instances(cli: CommandLine, tmp_path: Path, text: str) -> None:
    (tmp_path / "task.yaml").write_text(text)

    finished = cli("run", "-q", "-f", str(tmp_path / "task.yaml"))

    assert (finished.exit_code, finished.stderr) == (0, b"")
    assert sorted(finished.stdout.decode().splitlines()) == [
        *("[0] run 0", "[0] setup"),
        *("[1] run 1", "[1] setup"),
    ]


SKYPILOT = r"""
resources: {accelerators: A100:2}
num_nodes: 2
setup: test $SKYPILOT_NUM_NODES = 2
run: |
  first=$(echo "$SKYPILOT_NODE_IPS" | head -n1)
  echo $SKYPILOT_NODE_RANK $(echo "$SKYPILOT_NODE_IPS" | wc -l) $first ${SKYPILOT_NUM_GPUS_PER_NODE}
"""
DSTACK = r"""
type: task
nodes: 2
resources: {gpu: A100:2}
commands:
  - test $DSTACK_NODES_NUM = 2 && test $DSTACK_GPUS_NUM = 4
  - count=$(echo "$DSTACK_NODES_IPS" | wc -l)
  - echo $DSTACK_NODE_RANK $count $DSTACK_MASTER_NODE_IP $DSTACK_GPUS_PER_NODE
"""


@pytest.mark.parametrize("text", [SKYPILOT, DSTACK], ids=["skypilot", "dstack"])
def test_files_of_others_find_their_own_variables(
    cli: CommandLine, tmp_path: Path, text: str
) -> None:
    (tmp_path / "task.yaml").write_text(text)

    finished = cli("run", "-q", "-f", str(tmp_path / "task.yaml"))

    assert finished.exit_code == 0, finished.stderr
    lines = sorted(finished.stdout.decode().splitlines())
    assert lines == ["[0] 0 2 127.0.0.1 2", "[1] 1 2 127.0.0.1 2"]


def test_quiet_leaves_stderr_to_the_task(cli: CommandLine) -> None:
    finished = cli("run", "-q", "--gpu", "a100:2", "bash", "-c", "echo hi; echo err >&2; exit 7")
    assert finished == (7, b"hi\n", b"err\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--gpu", "x", "-d", "-o", "json", "-h", "--help", "--version"],
        ["--", "a", "--", "b"],
        ["", " ", "a b", "\t\n", "$HOME", "`id`", "*", "'\"\\", "{}", "!", "#", "~"],
        ["naïve", "漢字", "🚀", "\x01\x1b[31m", "e\u0301"],
        ["-", "-x", "--env", "A=B"],
        ["x" * 100_000],
    ],
)
@pytest.mark.parametrize("separator", [[], ["--"]])
def test_arguments_reach_the_task_byte_for_byte(
    cli: CommandLine, separator: list[str], arguments: list[str]
) -> None:
    words = [sys.executable, "-c", PRINT_ARGUMENTS, *arguments]
    finished = cli("run", "-q", *separator, *words)
    assert finished.exit_code == 0, finished
    assert json.loads(finished.stdout) == arguments


def test_options_end_at_the_first_word(cli: CommandLine) -> None:
    finished = cli("run", "-q", "bash", "-c", 'echo "$@"', "bash", "--gpu", "x", "-q")
    assert finished == (0, b"--gpu x -q\n", b"")


def test_one_argument_with_shell_syntax_is_run_by_bash(cli: CommandLine) -> None:
    assert cli("run", "-q", "echo a b | tr a-z A-Z; exit 3") == (3, b"A B\n", b"")


def test_one_plain_word_is_a_program(cli: CommandLine) -> None:
    assert cli("run", "-q", "pwd") == (0, f"{cli.home}\n".encode(), b"")


def test_words_are_not_run_by_a_shell(cli: CommandLine) -> None:
    assert cli("run", "-q", "echo", "$HOME;", "|") == (0, b"$HOME; |\n", b"")


def test_binary_output_passes_untouched(cli: CommandLine) -> None:
    script = (
        "import os, sys\n"
        "data = bytes(range(256)) * 4096\n"
        "sys.stdout.buffer.write(data); sys.stdout.buffer.flush()\n"
        "sys.stderr.buffer.write(data[::-1]); sys.stderr.buffer.flush()\n"
    )
    finished = cli("run", "-q", sys.executable, "-c", script)
    data = bytes(range(256)) * 4096
    assert finished.exit_code == 0
    assert hashlib.sha256(finished.stdout).digest() == hashlib.sha256(data).digest()
    assert hashlib.sha256(finished.stderr).digest() == hashlib.sha256(data[::-1]).digest()


def test_output_comes_while_the_task_runs(cli: CommandLine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"printf 'no newline'; until [ -e {gate} ]; do sleep 0.02; done; echo; echo end"
    process = cli.start("run", "-q", "--", "bash", "-c", script)
    assert process.stdout is not None
    assert process.stdout.read(10) == b"no newline"
    assert process.poll() is None
    gate.touch()
    assert process.communicate(timeout=60) == (b"\nend\n", b"")
    assert process.returncode == 0


def test_environment(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "env").write_text('A=file\nB="from file"\n')
    finished = cli(
        "run", "-q", "--env", "A=option", "--env", "PASSED_ON", "--env-file",
        str(tmp_path / "env"), "--", "bash", "-c", "echo $A,$B,$PASSED_ON,$SECRET",
        PASSED_ON="from shell", SECRET="not sent",
    )  # fmt: skip
    assert finished == (0, b"option,from file,from shell,\n", b"")


def test_working_directory(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("run", "-q", "--workdir", str(tmp_path), "pwd").stdout == f"{tmp_path}\n".encode()
    assert cli("run", "-q", "pwd", cwd=tmp_path).stdout == f"{tmp_path}\n".encode()


def test_a_file_with_options_and_a_command_over_it(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text(
        "name: from-file\ncommand: echo $A $B; exit 4\nenv: {A: '1', B: '2'}\n"
    )
    file = str(tmp_path / "task.yaml")
    assert cli("run", "-q", "-f", file) == (4, b"1 2\n", b"")
    assert cli("run", "-q", "-f", file, "--env", "B=3") == (4, b"1 3\n", b"")
    assert cli("run", "-q", "-f", file, "echo", "other") == (0, b"other\n", b"")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comand: echo\n", "comand"),
        ("command: [\n", "task.yaml:2"),
        ("command: echo\nmax_run_time: '90'\n", "unit"),
        (None, "task.yaml"),
    ],
)
def test_a_bad_file_is_one_error(
    cli: CommandLine, tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / "task.yaml").write_text(text)
    finished = cli("run", "-f", str(tmp_path / "task.yaml"))
    assert finished.exit_code == 2
    assert finished.stdout == b""
    assert finished.error[0].startswith("flowkit: error: ")
    assert message in finished.stderr.decode()


def test_detach_prints_the_id_and_returns(cli: CommandLine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    finished = cli("run", "-d", "--", "bash", "-c", f"until [ -e {gate} ]; do sleep 0.02; done")
    assert finished.exit_code == 0
    task = finished.stdout.decode().strip()
    assert json.loads(cli("status", task, "-o", "json").stdout)["id"] == task
    gate.touch()
    assert cli("wait", task).exit_code == 0


@pytest.mark.parametrize("code", [0, 1, 42, 124, 125, 255])
def test_the_exit_code_is_the_tasks(cli: CommandLine, code: int) -> None:
    assert cli("run", "-q", "bash", "-c", f"exit {code}").exit_code == code


def test_a_signal_is_128_and_its_number(cli: CommandLine) -> None:
    assert cli("run", "-q", "bash", "-c", "kill -9 $$").exit_code == 137


def test_a_program_that_is_not_there(cli: CommandLine) -> None:
    finished = cli("run", "no-such-program-anywhere")
    assert finished.exit_code in (125, 127)
    assert b"no-such-program-anywhere" in finished.stderr


def test_max_run_time_is_said(cli: CommandLine) -> None:
    finished = cli("run", "--max-run-time", "0.2s", "sleep", "60")
    assert finished.exit_code != 0
    assert any("max run time" in line for line in notices(finished.stderr))


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_detaches_and_says_how_to_come_back(
    cli: CommandLine, tmp_path: Path, number: int, exit_code: int
) -> None:
    gate = tmp_path / "gate"
    script = f"echo up; until [ -e {gate} ]; do sleep 0.02; done; echo done; exit 5"
    process = cli.start("run", "bash", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == exit_code
    task = task_of(stderr)
    text = stderr.decode()
    assert f"flowkit logs -f {task}" in text
    assert f"flowkit cancel {task}" in text
    assert "Traceback" not in text
    gate.touch()
    assert cli("logs", "-f", task).stdout == b"up\ndone\n"
    assert cli("wait", task).exit_code == 5


def test_ctrl_c_in_a_terminal_detaches(
    cli: CommandLine, terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    script = f"echo up; until [ -e {gate} ]; do sleep 0.02; done"
    window = terminal("run", "--name", "interactive", "bash", "-c", script)
    eventually(lambda: "up\r\n" in window.text)
    window.type(b"\x03")
    assert window.wait() == 130
    assert "detached: task_" in window.text
    assert "Traceback" not in window.text
    assert json.loads(cli("status", "interactive", "-o", "json").stdout)["status"] == "running"
    gate.touch()
    assert cli("wait", "interactive").exit_code == 0


def test_json_is_the_finished_task_and_nothing_else(cli: CommandLine) -> None:
    finished = cli("run", "-o", "json", "bash", "-c", "echo hi; echo err >&2; exit 7")
    assert finished.exit_code == 7
    assert json.loads(finished.stdout)["exit_code"] == 7
    assert [line for line in finished.error if not line.startswith("flowkit: ")] == ["hi", "err"]


def test_a_reader_that_leaves_ends_it_quietly(cli: CommandLine) -> None:
    command = f"{sys.executable} -m flowkit run -q yes | head -1; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        cwd=cli.home,
        env=environment(cli.home),
        timeout=60,
        check=False,
    )
    assert finished.stdout == b"y\n141\n"
    assert finished.stderr == b""
    assert cli("cancel", "--all", "--force").exit_code == 0


def test_a_full_disk_under_stdout_is_an_error(cli: CommandLine) -> None:
    with open("/dev/full", "wb") as full:
        process = cli.start("run", "-q", "echo", "hi", stdout=full)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 125
    assert b"flowkit: error: cannot write to stdout: No space left on device" in stderr


def test_waiting_in_the_queue_is_said_and_ends_with_125_when_cancelled(
    cli: CommandLine,
) -> None:
    cpus = str(json.loads(cli("api", "GET", "/v1/server").stdout)["limits"]["cpus"])
    blocker = cli.submit("--cpus", cpus, "sleep", "600")
    process = cli.start("run", "--cpus", cpus, "--name", "queued", "true")
    assert process.stderr is not None
    lines = [process.stderr.readline().decode() for _ in range(2)]
    assert lines[0].endswith(" submitted\n")
    assert lines[1].startswith("flowkit: waiting: 1st in the queue")
    assert cli("cancel", "queued").exit_code == 0
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 125
    assert b"has no exit code: cancelled" in stderr
    assert cli("cancel", "--force", blocker).exit_code == 0
