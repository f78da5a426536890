"""A wrong command line gets one line, a hint and exit code 2; nothing is started for it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from flowkit.cli.overview import COMMANDS
from tests.unit.cli.program import environment, flowkit

WRONG = {
    "unknown command": (["pss"], "no such command: pss", "did you mean `flowkit ps`?"),
    "unlike any command": (["frobnicate"], "no such command: frobnicate", "see `flowkit --help`"),
    "unknown option": (["ps", "--lable", "a"], "no such option: --lable", "did you mean --label?"),
    "unlike any option": (["ps", "--xyzzy"], "no such option: --xyzzy", "see `flowkit ps --help`"),
    "missing argument": (["status"], "missing argument TASK", "see `flowkit status --help`"),
    "no command to run": (["run"], "there is no command to run", "flowkit run --gpu a100"),
    "an empty command": (["run", ""], "the command is an empty word", "name a program to run"),
    "not a number": (
        ["run", "--cpus", "two", "x"],
        "--cpus: 'two' is not a number",
        "write it in digits",
    ),
    "no unit": (["run", "--max-run-time", "90", "x"], "--max-run-time: ", "90s for seconds"),
    "bad memory": (["run", "--memory", "lots", "x"], "--memory: ", "64gb"),
    "bad name in env": (["run", "--env", "A-B=1", "x"], "name 'A-B' in env", "letters, digits"),
    "env not set here": (["run", "--env", "NOT_SET", "x"], "NOT_SET from the caller", "export"),
    "label without =": (["run", "--label", "a", "x"], "--label: 'a' is not", "--label team=vision"),
    "no env file": (["run", "--env-file", "gone", "x"], "cannot read gone: No such file", None),
    "env file is a directory": (["run", "--env-file", ".", "x"], "cannot read .: Is a", None),
    "neither tasks nor all": (["cancel"], "name the tasks to cancel, or use --all", "flowkit"),
    "tasks and all": (["cancel", "--all", "x"], "name the tasks to cancel, or use --all", "flow"),
    "after without follow": (["events", "--after", "1"], "--after goes with --follow", "events -f"),
    "bad time": (["logs", "x", "--since", "tomorrowish"], "invalid time 'tomorrowish'", "how long"),
    "bad method": (["api", "FETCH", "/v1/tasks"], "FETCH", "see `flowkit api --help`"),
    "bad path": (["api", "GET", "v1/tasks"], "not a path: 'v1/tasks'", "starts with a slash"),
    "bad header": (["api", "GET", "/v1", "-H", "x"], "--header: 'x' is not 'NAME: VALUE'", None),
    "no data file": (["api", "POST", "/v1", "-d", "@gone"], "--data: cannot read gone: No", None),
    "bad url": (["--api-url", "ftp://x", "ps"], "invalid api_url 'ftp://x'", "https://"),
    "no such profile": (["ps", "--profile", "lab"], "profile 'lab'", None),
    "bad shell": (["completion", "tcsh"], "tcsh", "see `flowkit completion --help`"),
    "bad setting": (["config", "set", "colour", "red"], "colour", "see `flowkit config set"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_one_line_and_a_hint(tmp_path: Path, case: str) -> None:
    arguments, message, hint = WRONG[case]
    finished = flowkit(tmp_path, *arguments)
    assert finished.exit_code == 2
    assert finished.stdout == b""
    assert finished.error[0].startswith("flowkit: error: ")
    assert message in finished.error[0]
    if hint is not None:
        assert finished.error[1].startswith("hint: ")
        assert hint in finished.error[1]
    assert len(finished.error) <= 2
    assert not (tmp_path / "gateway").exists()


@pytest.mark.parametrize("command", ["run", "submit", "plan"])
def test_an_argument_that_is_not_utf8_is_refused(tmp_path: Path, command: str) -> None:
    finished = flowkit(tmp_path, command, "--", "echo", b"a\xffb")
    assert finished.exit_code == 2
    assert finished.error[0] == r"flowkit: error: COMMAND: not UTF-8: a\xffb"
    assert finished.error[1].startswith("hint: flowkit sends text alone")


def test_full_stdout_is_an_error() -> None:
    for arguments in (["--version"], ["--help"], ["ps", "--help"], ["completion", "fish"]):
        with open("/dev/full", "wb") as full:
            process = subprocess.run(
                [sys.executable, "-m", "flowkit", *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert process.returncode == 1
        assert os.strerror(errno.ENOSPC) in process.stderr.decode()
        assert b"Traceback" not in process.stderr


def test_closed_stdout_is_an_error(tmp_path: Path) -> None:
    for arguments in ("--version", "config"):
        process = subprocess.run(
            ["bash", "-c", f"exec {sys.executable} -m flowkit {arguments} >&-"],
            env=environment(tmp_path),
            stderr=subprocess.PIPE,
            check=False,
        )
        assert process.returncode == 1
        assert process.stderr.startswith(b"flowkit: error: ")
        assert b"Traceback" not in process.stderr


def test_a_reader_that_has_gone_ends_it_quietly(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "flowkit", "config"],
        env=environment(tmp_path),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.parametrize("imports", [1, 2, 5, 20, 80, 200])
def test_ctrl_c_at_any_moment_of_the_start_shows_no_traceback(tmp_path: Path, imports: int) -> None:
    # The interrupt comes from within, before so many imports: no clock is as exact.
    script = (
        "import builtins, signal, sys\n"
        "count, real = 0, builtins.__import__\n"
        "def importing(*arguments, **named):\n"
        "    global count\n"
        "    count += 1\n"
        f"    if count == {imports}:\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    return real(*arguments, **named)\n"
        "from flowkit.cli import main\n"
        "builtins.__import__ = importing\n"
        "sys.argv = ['flowkit', 'config']\n"
        "main()\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, b"", b"")


def test_a_bug_is_one_line_and_its_traceback_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "flowkit_bug.py").write_text(
        "import sys\n"
        "from flowkit.cli import main, overview\n"
        "overview.COMMANDS['bug'] = ('not_there', '')\n"
        "sys.argv = ['flowkit', 'bug']\n"
        "main()\n"
    )

    def bug(**variables: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "flowkit_bug.py"],
            env=environment(tmp_path, **variables),
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )

    plain = bug()
    assert plain.returncode == 125
    assert plain.stderr.decode().splitlines() == [
        "flowkit: error: internal error: ModuleNotFoundError: No module named 'not_there'",
        "hint: this is a bug in flowkit; FLOWKIT_DEBUG=1 shows where it happened",
    ]
    assert b"Traceback" in bug(FLOWKIT_DEBUG="1").stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_takes_the_connection_options(name: str) -> None:
    command = import_module(COMMANDS[name][0]).command
    context = click.Context(command, info_name=name)
    assert command.get_help(context)
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    for leaf in leaves:
        assert leaf.help
        options = {option for parameter in leaf.params for option in parameter.opts}
        # `serve` execs a gateway, which is no client of one; a script needs none.
        if leaf.name != "serve" and name != "completion":
            assert {"--api-url", "--project", "--profile"} <= options


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete_commands(tmp_path: Path, shell: str) -> None:
    script = flowkit(tmp_path, "completion", shell)
    assert script.exit_code == 0
    assert b"_FLOWKIT_COMPLETE" in script.stdout


def test_completion_answers_a_shell(tmp_path: Path) -> None:
    finished = flowkit(
        tmp_path, _FLOWKIT_COMPLETE="bash_complete", COMP_WORDS="flowkit ca", COMP_CWORD="1"
    )
    assert finished.stdout == b"plain,cancel\n"
