"""The life of a gateway process: start, stop, idling, being killed and coming back."""

from __future__ import annotations

import signal
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from flowkit_gateway.discovery import FILE_NAME, find
from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.http.test_requests import connection
from tests.gateway.http.test_streams import stream
from tests.gateway.http.test_tasks import submit, wait

HOLD = ("--null-duration", "86400")


def refusal(data_dir: Path, *arguments: str) -> tuple[int, str]:
    """Start a gateway that cannot start; return its exit code, and what it says and advises."""
    gateway = GatewayProcess(data_dir, "--engine", "null", *arguments)
    code = gateway.spawn().wait(timeout=20)
    error, *hint = gateway.log.splitlines()
    assert error.startswith("flowkit: error: "), gateway.log
    assert [line[:6] for line in hint] in ([], ["hint: "]), gateway.log
    return code, "\n".join((error, *hint))


def test_a_gateway_announces_itself_to_its_user_alone(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    data_dir = gateway.data_dir
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    for path in data_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert gateway.announcement is not None
    assert gateway.announcement.engine == "null"
    assert not gateway.announcement.embedded
    assert len(gateway.token) >= 32


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_told_to_stop_leaves_nothing_behind(
    start_gateway: StartGateway, number: signal.Signals
) -> None:
    gateway = start_gateway()
    begin = time.monotonic()
    assert gateway.stop(number) == 0
    assert time.monotonic() - begin < 5
    assert not (gateway.data_dir / FILE_NAME).exists()
    assert "Traceback" not in gateway.log


def test_a_stop_answers_those_who_wait(start_gateway: StartGateway) -> None:
    gateway = start_gateway(*HOLD)
    with gateway.client() as client:
        task = wait(client, submit(client), until="running")
    answers: list[object] = []

    def poll() -> None:
        with gateway.client() as client:
            answers.append(client.get(f"/v1/tasks/{task['id']}:wait?timeout=60").json())

    def follow(path: str) -> None:
        with gateway.client() as client, stream(client, path) as events:
            answers.append([event.type for event in events])

    paths = ["/v1/events:follow", f"/v1/tasks/{task['id']}/logs:follow"]
    threads = [threading.Thread(target=poll)]
    threads += [threading.Thread(target=follow, args=[path]) for path in paths]
    for thread in threads:
        thread.start()
    with gateway.client() as client:
        eventually(lambda: gateway.process and _connections(gateway) >= 3)
        assert client.get("/v1/health").status_code == 200
    begin = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - begin < 5
    for thread in threads:
        thread.join(10)
    assert task in answers
    assert answers.count([]) == 2


def test_a_client_that_does_not_read_cannot_keep_a_gateway(start_gateway: StartGateway) -> None:
    gateway = start_gateway(engine="local")
    with gateway.client() as client, connection(gateway) as stuck:
        task = submit(client, command=["bash", "-c", "yes flowkit | head -c 50000000"])
        assert wait(client, task)["status"] == "completed"
        stuck.sendall(
            f"GET /v1/tasks/{task['id']}/logs:follow HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {gateway.token}\r\n\r\n".encode()
        )
        assert stuck.recv(1)
        begin = time.monotonic()
        assert gateway.stop() == 0
    assert time.monotonic() - begin < 5
    assert "Traceback" not in gateway.log


def _connections(gateway: GatewayProcess) -> int:
    import psutil

    assert gateway.process is not None
    connections = psutil.Process(gateway.process.pid).net_connections("tcp")
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in connections)


def test_a_second_gateway_is_refused_the_same_directory(start_gateway: StartGateway) -> None:
    first = start_gateway()
    code, line = refusal(first.data_dir)
    assert code == 1
    assert "another gateway" in line
    assert first.url in line
    with first.client() as client:
        assert client.get("/v1/health").status_code == 200
    assert find(first.data_dir) == first.announcement


def test_an_embedded_gateway_takes_over_from_one_that_is_about_to_go(
    start_gateway: StartGateway,
) -> None:
    first = start_gateway("--embedded")
    (first.data_dir / FILE_NAME).unlink()
    second = GatewayProcess(first.data_dir, "--engine", "null", "--embedded")
    second.spawn()
    try:
        assert first.stop() == 0
        eventually(lambda: find(first.data_dir))
    finally:
        second.kill()


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, line = refusal(tmp_path / "data", "--port", str(other.getsockname()[1]))
    assert code == 1
    assert "is in use" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_let_in_with_keys_only(tmp_path: Path, host: str) -> None:
    code, line = refusal(tmp_path / "data", "--host", host)
    assert code == 2
    assert "--api-key-file" in line
    assert not (tmp_path / "data").exists()


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("k" * 16)
    keys.chmod(0o644)
    code, line = refusal(tmp_path / "data", "--api-key-file", str(keys))
    assert code == 2
    assert "chmod 600" in line
    assert not (tmp_path / "data").exists()


def test_a_data_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    code, line = refusal(tmp_path / "data")
    assert code == 1
    assert f"cannot use {tmp_path / 'data'}" in line


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "flowkit.db").write_bytes(b"not a database, but long enough to look like one" * 99)
    code, line = refusal(data_dir)
    assert code == 1
    assert "flowkit.db" in line
    assert (data_dir / "flowkit.db").read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(
    "arguments", [["--port", "65536"], ["--port", "x"], ["--idle-timeout", "-1"], ["--engine", "x"]]
)
def test_a_mistake_on_the_command_line_is_usage(tmp_path: Path, arguments: list[str]) -> None:
    gateway = GatewayProcess(tmp_path / "data", *arguments)
    assert gateway.spawn().wait(timeout=20) == 2
    assert "usage:" in gateway.log
    assert not (tmp_path / "data").exists()


def test_an_embedded_gateway_stops_when_nobody_needs_it(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--embedded", "--idle-timeout", "0.2")
    assert gateway.process is not None
    assert gateway.process.wait(timeout=20) == 0
    assert not (gateway.data_dir / FILE_NAME).exists()


def test_the_environment_says_when_an_embedded_gateway_is_idle(
    start_gateway: StartGateway,
) -> None:
    environment = {"FLOWKIT_GATEWAY_IDLE_TIMEOUT": "0.2"}
    gateway = start_gateway("--embedded", environment=environment)
    assert gateway.process is not None
    assert gateway.process.wait(timeout=20) == 0


def test_a_gateway_with_a_task_or_a_call_is_not_idle(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--embedded", "--idle-timeout", "1.5", *HOLD)
    assert gateway.process is not None
    with gateway.client() as client:
        task = wait(client, submit(client), until="running")
        # Held for longer than the gateway looks whether it is idle.
        client.get(f"/v1/tasks/{task['id']}:wait?timeout=3.5")
        assert gateway.process.poll() is None
        with stream(client, "/v1/events:follow") as events:
            with gateway.client() as other:
                other.post(f"/v1/tasks/{task['id']}:cancel?force=true")
                types = [next(events).type, next(events).type]
            assert "task.cancelled" in types
            assert gateway.process.poll() is None
    assert gateway.process.wait(timeout=20) == 0


def test_what_was_acknowledged_survives_a_kill(start_gateway: StartGateway) -> None:
    gateway = start_gateway(*HOLD)
    key = {"Idempotency-Key": "before"}
    body = {"command": ["true"]}
    with gateway.client() as client:
        running = wait(client, submit(client, cpus=100_000), until="running")
        queued = client.post("/v1/tasks", json=body, headers=key)
        last = client.get("/v1/events").json()["items"][0]["number"]
    gateway.kill()
    assert find(gateway.data_dir) == gateway.announcement

    gateway = start_gateway("--null-duration", "0.01", data_dir=gateway.data_dir)
    with gateway.client() as client:
        again = client.post("/v1/tasks", json=body, headers=key)
        assert again.content == queued.content
        assert again.headers["idempotent-replayed"] == "true"
        assert wait(client, running)["attempt"] == 1
        assert wait(client, queued.json())["status"] == "completed"
        with stream(client, "/v1/events:follow", last_event_id=last) as events:
            assert next(events).id == last + 1


def test_every_acknowledged_task_is_there_after_a_kill_under_load(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway()
    acknowledged: list[str] = []

    def submit_until_killed() -> None:
        import httpx

        with gateway.client() as client:
            try:
                while True:
                    acknowledged.append(submit(client)["id"])
            except httpx.TransportError:
                return

    threads = [threading.Thread(target=submit_until_killed) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(acknowledged) > 100)
    gateway.kill()
    for thread in threads:
        thread.join(10)
    gateway = start_gateway(data_dir=gateway.data_dir)
    with gateway.client() as client:
        for task_id in acknowledged:
            assert wait(client, {"id": task_id})["status"] == "completed"


def test_calls_are_logged_without_what_may_be_secret(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    with gateway.client() as client:
        call = {"Flowkit-Correlation-Id": "call-1"}
        client.get("/v1/tasks?name=hush", headers=call)
    eventually(lambda: "call-1" in gateway.log)
    line = next(line for line in gateway.log.splitlines() if "call-1" in line)
    assert "GET /v1/tasks 200" in line
    assert "hush" not in gateway.log
    assert gateway.token not in gateway.log


def test_an_embedded_gateway_logs_no_calls(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--embedded")
    with gateway.client() as client:
        client.get("/v1/tasks")
    assert gateway.stop() == 0
    assert "/v1/tasks" not in gateway.log
