"""`gateway`, `plan`, `gpus`, `events`, `api`: what is not about one task."""

from __future__ import annotations

import json
import socket
from functools import partial
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine
from tests.e2e.cli.test_tasks import is_gone


def test_start_status_stop(fresh: CommandLine) -> None:
    absent = fresh("gateway", "status")
    assert (absent.exit_code, absent.stdout) == (3, b"")
    assert absent.error[0] == "flowkit: error: no gateway is running"
    started = json.loads(fresh("gateway", "start", "-o", "json").stdout)
    shown = json.loads(fresh("gateway", "status", "-o", "json").stdout)
    assert {"url", "pid", "version", "engine", "uptime_seconds", "tasks_running"} <= shown.keys()
    assert shown["pid"] == started["pid"]
    assert shown["embedded"] is True
    assert json.loads(fresh("gateway", "start", "-o", "json").stdout)["pid"] == started["pid"]
    assert fresh("gateway", "stop").exit_code == 0
    eventually(partial(is_gone, started["pid"]))
    assert fresh("gateway", "stop").exit_code == 3
    assert fresh("gateway", "status", "-o", "json").exit_code == 3


def test_status_starts_no_gateway(fresh: CommandLine) -> None:
    fresh("gateway", "status")
    assert not (fresh.home / "gateway").exists()


def test_status_for_people(cli: CommandLine) -> None:
    cli("gateway", "start")
    text = cli("gateway", "status").stdout.decode()
    for name in ("url:", "pid:", "version:", "engine:", "uptime:"):
        assert name in text


def test_logs_of_the_gateway(fresh: CommandLine) -> None:
    assert fresh("gateway", "logs").exit_code == 3
    fresh("gateway", "start")
    whole = fresh("gateway", "logs").stdout
    assert b"serving http://127.0.0.1:" in whole
    assert fresh("gateway", "logs", "--tail", "1").stdout == whole.splitlines(keepends=True)[-1]


def test_serve_with_a_key_of_ones_own(fresh: CommandLine, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("sesame-open-now-please\n")
    keys.chmod(0o600)
    data = tmp_path / "data"
    server = fresh.start(
        "gateway", "serve", "--port", "0", "--api-key-file", str(keys), "--data-dir", str(data)
    )
    try:
        eventually((data / "gateway.json").exists)
        url = json.loads((data / "gateway.json").read_text())["url"]
        key = {"FLOWKIT_API_URL": url, "FLOWKIT_API_KEY": "sesame-open-now-please"}
        assert fresh("run", "-q", "echo", "hi", **key) == (0, b"hi\n", b"")
        shown = json.loads(fresh("gateway", "status", "-o", "json", **key).stdout)
        assert (shown["url"], shown["pid"]) == (url, server.pid)
        wrong = fresh("ps", **key | {"FLOWKIT_API_KEY": "guess"})
        assert wrong.exit_code == 4
        assert wrong.error[0].startswith("flowkit: error: ")
        assert b"guess" not in wrong.stderr
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert server.returncode == 0


def test_serve_says_that_its_port_is_taken(fresh: CommandLine, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = fresh("gateway", "serve", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert finished.exit_code == 1
    assert f"port {port} is in use" in finished.stderr.decode()
    assert b"Traceback" not in finished.stderr


@pytest.mark.parametrize("command", [["ps"], ["run", "true"], ["status", "a"], ["plan", "true"]])
def test_a_dead_gateway_is_unreachable(fresh: CommandLine, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    finished = fresh("--api-url", f"http://127.0.0.1:{port}", *command)
    assert finished.exit_code == 5
    assert finished.stdout == b""
    assert finished.error[0].startswith("flowkit: error: ")
    assert finished.error[1].startswith("hint: ")
    assert len(finished.error) == 2


def test_connection_options_stand_before_or_after_the_command(fresh: CommandLine) -> None:
    before = fresh("--api-url", "http://127.0.0.1:1", "ps")
    after = fresh("ps", "--api-url", "http://127.0.0.1:1")
    inner = fresh("--api-url", "http://127.0.0.1:2", "ps", "--api-url", "http://127.0.0.1:1")
    assert before == after == inner
    assert b"127.0.0.1:1" in before.stderr


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finished = CommandLine(tmp_path)("ps", FLOWKIT_HOME=str(tmp_path / "file" / "home"))
    assert finished.exit_code != 0
    assert finished.error[0].startswith("flowkit: error: ")
    assert b"Traceback" not in finished.stderr


def test_plan_says_what_would_be_chosen(cli: CommandLine) -> None:
    plan = json.loads(cli("plan", "--gpu", "a100:2", "-o", "json", "true").stdout)
    assert plan["feasible"] is True
    assert plan["checks"]
    text = cli("plan", "--gpu", "a100:2", "true").stdout.decode()
    assert "feasible:" in text
    assert "✓" in text
    before = cli("ps", "--all", "-o", "json").stdout
    cli("plan", "true")
    assert cli("ps", "--all", "-o", "json").stdout == before


def test_plan_of_the_impossible(cli: CommandLine) -> None:
    finished = cli("plan", "--cpus", "90000", "true")
    assert finished.exit_code == 1
    assert "✗" in finished.stdout.decode()


def test_the_impossible_is_refused_at_submit(cli: CommandLine) -> None:
    for arguments in (["--cpus", "90000"], ["--gpu", "a100:4000"], ["--gpu", "a1000"]):
        finished = cli("run", *arguments, "true")
        assert finished.exit_code == 2, arguments
        assert finished.error[0].startswith("flowkit: error: ")


def test_gpus(cli: CommandLine) -> None:
    types = json.loads(cli("gpus", "-o", "json").stdout)
    assert any(item["gpu_model"] == "a100" for item in types if "gpu_model" in item)
    assert b"a100" in cli("gpus", "a100").stdout
    assert b"h100" not in cli("gpus", "a100").stdout
    assert cli("gpus", "no-such-gpu").exit_code == 2


def test_events(cli: CommandLine) -> None:
    task = cli.submit("true")
    cli("wait", task)
    events = json.loads(cli("events", task, "-o", "json").stdout)
    assert [event["task_id"] for event in events] == [task] * len(events)
    assert events[0]["status"] == "completed"
    assert task in cli("events").stdout.decode()
    followed = cli("events", task, "-f", "--after", "0", "-o", "json")
    assert followed.exit_code == 0
    assert [json.loads(line) for line in followed.stdout.splitlines()] == events[::-1]


def test_api(cli: CommandLine, tmp_path: Path) -> None:
    body = '{"command": ["echo", "hi"]}'
    (tmp_path / "body.json").write_text(body)
    for arguments, stdin in (
        (["-d", body], b""),
        (["-d", f"@{tmp_path / 'body.json'}"], b""),
        (["-d", "-"], body.encode()),
    ):
        created = cli("api", "POST", "/v1/tasks", *arguments, stdin=stdin)
        assert created.exit_code == 0, created
        task = json.loads(created.stdout)["id"]
        cli("wait", task)
        listed = json.loads(cli("api", "get", "/v1/tasks?page_size=1&status=completed").stdout)
        assert [item["id"] for item in listed["items"]] == [task]
    assert b"event: end" in cli("api", "GET", f"/v1/tasks/{task}/logs:follow").stdout
    assert cli("api", "DELETE", f"/v1/tasks/{task}") == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["GET", "/v1/nothing"], 3),
        (["GET", "/v1/tasks?page_size=0"], 2),
        (["POST", "/v1/tasks", "-d", "{"], 2),
        (["GET", "/v1/tasks/no id"], 3),
    ],
)
def test_api_errors(cli: CommandLine, arguments: list[str], exit_code: int) -> None:
    finished = cli("api", *arguments)
    assert finished.exit_code == exit_code
    assert finished.error[0].startswith("flowkit: error: ")
