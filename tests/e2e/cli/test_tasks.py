"""`submit`, `wait`, `ps`, `status`, `logs`, `cancel`, `delete`: one task from end to end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine, Terminal

UNKNOWN = "task_" + "0" * 26


def document(cli: CommandLine, task: str) -> dict[str, object]:
    found = json.loads(cli("status", task, "-o", "json").stdout)
    assert isinstance(found, dict)
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended; its parent may not have asked yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_submit_wait_ps_logs(fresh: CommandLine) -> None:
    submitted = fresh("submit", "-o", "json", "--name", "nap", "--", "bash", "-c", "echo up")
    task = json.loads(submitted.stdout)
    assert task["command"] == ["bash", "-c", "echo up"]
    assert task["created_at"].endswith("Z")
    assert fresh("wait", task["id"]).exit_code == 0
    assert [item["id"] for item in json.loads(fresh("ps", "-o", "json").stdout)] == [task["id"]]
    assert fresh("logs", task["id"]) == (0, b"up\n", b"")


def test_a_killed_gateway_costs_no_exit_code(fresh: CommandLine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    task = fresh.submit("bash", "-c", f"until [ -e {gate} ]; do sleep 0.02; done; exit 9")
    assert fresh("wait", "--until", "running", task).exit_code == 0
    gateway = json.loads(fresh("gateway", "status", "-o", "json").stdout)
    os.kill(gateway["pid"], signal.SIGKILL)
    eventually(partial(is_gone, gateway["pid"]))
    gate.touch()
    assert fresh("wait", task).exit_code == 9


def test_cancel_leaves_no_grandchild(cli: CommandLine, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = (
        f"(setsid sleep 600 & echo $! >> {pids}; sleep 600) & sleep 600 & echo $! >> {pids}; wait"
    )
    task = cli.submit("bash", "-c", script)
    eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    cancelled = cli("cancel", task)
    assert cancelled.exit_code == 0
    assert cancelled.stdout.startswith(task.encode())
    assert cli("wait", task).exit_code != 0
    assert document(cli, task)["status"] == "cancelled"
    for pid in map(int, pids.read_text().split()):
        eventually(partial(is_gone, pid))


def test_wait_exits_with_the_first_code_that_is_not_0(cli: CommandLine) -> None:
    good, bad, worse = (cli.submit("bash", "-c", f"exit {code}") for code in (0, 3, 4))
    assert cli("wait", good).exit_code == 0
    assert cli("wait", good, bad, worse).exit_code == 3


def test_wait_times_out_and_cancels_nothing(cli: CommandLine) -> None:
    task = cli.submit("sleep", "600")
    finished = cli("wait", "--timeout", "0.2s", task)
    assert finished.exit_code == 124
    assert finished.error[0].startswith("flowkit: error: ")
    assert document(cli, task)["status"] in ("pending", "starting", "running")
    assert cli("cancel", "--force", task).exit_code == 0


def test_wait_prints_json_alone(cli: CommandLine) -> None:
    task = cli.submit("false")
    finished = cli("wait", "-o", "json", task)
    assert finished.exit_code == 1
    assert json.loads(finished.stdout)["exit_code"] == 1


def test_a_name_is_its_newest_task(cli: CommandLine) -> None:
    cli.submit("--name", "twice", "true")
    newest = cli.submit("--name", "twice", "bash", "-c", "exit 6")
    assert cli("wait", "twice").exit_code == 6
    assert document(cli, "twice")["id"] == newest


NOBODY = [
    *([command, UNKNOWN] for command in ("logs", "wait", "cancel", "delete", "events")),
    *(["status", name] for name in ("no-such-name", "../etc", "task_short", "a b", "é", "")),
    ["logs", "-f", UNKNOWN],
]


@pytest.mark.parametrize("arguments", NOBODY, ids=" ".join)
def test_an_unknown_task_is_not_found(cli: CommandLine, arguments: list[str]) -> None:
    finished = cli(*arguments)
    assert finished.exit_code == 3
    assert finished.stdout == b""
    assert finished.error[0].startswith("flowkit: error: ")


def test_cancel_looks_up_all_before_it_cancels_one(cli: CommandLine) -> None:
    task = cli.submit("sleep", "600")
    assert cli("cancel", task, UNKNOWN).exit_code == 3
    assert document(cli, task)["status"] != "cancelled"
    assert cli("cancel", "--force", task).exit_code == 0
    assert cli("wait", task).exit_code != 0


def test_cancel_of_a_finished_task_changes_nothing(cli: CommandLine) -> None:
    task = cli.submit("true")
    assert cli("wait", task).exit_code == 0
    assert cli("cancel", task).stdout.decode().split() == [task, "completed"]


def test_delete_needs_an_end(cli: CommandLine) -> None:
    task = cli.submit("sleep", "600")
    refused = cli("delete", task)
    assert refused.exit_code == 1
    assert refused.error[0].startswith("flowkit: error: ")
    cli("cancel", "--force", task)
    cli("wait", task)
    assert cli("delete", task).stdout.decode().split() == [task]
    assert cli("status", task).exit_code == 3


def test_ps_filters(fresh: CommandLine) -> None:
    first = fresh.submit("--name", "first", "--label", "team=a", "true")
    second = fresh.submit("--name", "second", "--label", "team=b", "false")
    fresh("wait", first, second)

    def listed(*arguments: str) -> list[str]:
        return [task["id"] for task in json.loads(fresh("ps", "-o", "json", *arguments).stdout)]

    assert listed() == [second, first]
    assert listed("-n", "1") == [second]
    assert listed("--all") == [second, first]
    assert listed("--name", "first") == [first]
    assert listed("--label", "team=b") == [second]
    assert listed("--label", "team") == [second, first]
    assert listed("--status", "failed") == [second]
    assert listed("--status", "failed", "--status", "completed") == [second, first]
    assert listed("--status", "running") == []


def test_ps_of_an_unknown_status_is_bad_input(cli: CommandLine) -> None:
    finished = cli("ps", "--status", "finished")
    assert finished.exit_code == 2
    assert finished.error[0].startswith("flowkit: error: ")


def test_ps_of_nothing(fresh: CommandLine) -> None:
    assert fresh("ps") == (0, b"", b"flowkit: no tasks\n")
    assert fresh("ps", "-o", "json") == (0, b"[]\n", b"")


def test_tables_show_no_control_characters_of_others(cli: CommandLine) -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202e\r\n"
    task = cli.submit("--label", f"note={hostile}", "--name", "hostile", "echo", hostile)
    cli("wait", task)
    for arguments in (["ps", "--name", "hostile"], ["status", task], ["events", task]):
        text = cli(*arguments).stdout.decode()
        assert not set(text) & set("\x1b\x07\x9b\u202e\r"), arguments
    for arguments in (["ps", "--name", "hostile"], ["status", task], ["submit", "true", hostile]):
        data = cli(arguments[0], "-o", "json", *arguments[1:]).stdout
        assert b"\x1b" not in data
        assert "\x9b" not in data.decode()
        json.loads(data)
    found = document(cli, task)
    assert found["labels"] == {"note": hostile}
    # The task's own output is its own.
    assert cli("logs", task).stdout == f"{hostile}\n".encode()


def test_tables_on_a_terminal(cli: CommandLine, terminal: Callable[..., Terminal]) -> None:
    task = cli.submit("--name", "drawn", "echo", "[bold]not markup[/bold]")
    cli("wait", task)
    window = terminal("ps", "--name", "drawn", NO_COLOR="1")
    assert window.wait() == 0
    assert task in window.text
    assert "[bold]not markup[/bold]" in window.text
    assert "\x1b" not in window.text


def test_status_for_people(cli: CommandLine) -> None:
    task = cli.submit("--name", "shown", "bash", "-c", "exit 2")
    cli("wait", task)
    lines = dict(line.split(":", 1) for line in cli("status", "shown").stdout.decode().splitlines())
    assert lines["id"].strip() == task
    assert lines["status"].strip() == "failed"
    assert lines["exit code"].strip() == "2"
    assert lines["command"].strip() == "exit 2"


def test_what_a_task_waits_for_is_shown(cli: CommandLine) -> None:
    first = cli.submit("--hold", "--", "true")
    second = cli.submit("--depends-on", first, "--", "true")
    third = cli.submit("--depends-on", first, "--depends-on", second, "--", "true")
    table = cli("ps", "-n", "3").stdout.decode()
    assert "pending (held)" in table
    assert f"pending (after {first})" in table
    assert "pending (after 2 tasks)" in table
    assert "until it is released" in cli("status", first).stdout.decode()
    assert f"{first}, {second}\n" in cli("status", third).stdout.decode()
    assert cli("release", first).exit_code == 0
    assert cli("wait", third).exit_code == 0
    assert "pending" not in cli("ps", "-n", "3").stdout.decode()


def test_what_keeps_a_wait_from_its_end_is_said(cli: CommandLine) -> None:
    held = cli.submit("--hold", "--", "true")
    waited = cli("wait", "--timeout", "0.1s", held)
    assert waited.exit_code == 124
    assert waited.error[0] == (f"flowkit: {held} is held: `flowkit release {held}` lets it start")
    cli("cancel", held)


def test_logs_views(cli: CommandLine) -> None:
    task = cli.submit("bash", "-c", "for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; done")
    cli("wait", task)
    assert cli("logs", task) == (0, b"o1\no2\no3\n", b"e1\ne2\ne3\n")
    assert cli("logs", "--stream", "stdout", task) == (0, b"o1\no2\no3\n", b"")
    assert cli("logs", "--stream", "stderr", task) == (0, b"", b"e1\ne2\ne3\n")
    assert cli("logs", "--stream", "stdout", "--tail", "1", task).stdout == b"o3\n"
    assert cli("logs", "--tail", "0", task) == (0, b"", b"")
    assert cli("logs", "--since", "1h", task).stdout == b"o1\no2\no3\n"
    assert cli("logs", "--since", "2099-01-01 10:00", task) == (0, b"", b"")
    assert cli("logs", "-f", task).stdout == b"o1\no2\no3\n"


def test_logs_as_json_lines_keep_both_streams_and_all_bytes(cli: CommandLine) -> None:
    task = cli.submit("bash", "-c", r"printf a; sleep 0.1; printf '\xff' >&2; sleep 0.1; printf b")
    cli("wait", task)
    lines = cli("logs", "-o", "json", task).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"stream": "stdout", "text": "a"},
        {"stream": "stderr", "base64": "/w=="},
        {"stream": "stdout", "text": "b"},
    ]


def test_following_logs_ends_with_the_task(cli: CommandLine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    task = cli.submit("bash", "-c", f"echo up; until [ -e {gate} ]; do sleep 0.02; done; echo end")
    process = cli.start("logs", "-f", task)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    gate.touch()
    assert process.communicate(timeout=60) == (b"end\n", b"")
    assert process.returncode == 0
