"""The gateway's log: whole lines of its own, whatever callers send, and none of their secrets."""

from __future__ import annotations

import re

import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.http.test_requests import connection, received

LINE = re.compile(r"[-0-9T:.]+Z (INFO|WARNING|ERROR) [ -~]*")
HOSTILE = (
    "/v1/x%0a2026-01-01T00:00:00.000Z%20INFO%20forged",
    "/v1/%1b[31mred",
    "/v1/%e2%80%ae%c2%9b",
    "/v1/%ff%00%7f%0d",
)


@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_forges_no_line(start_gateway: StartGateway, path: str, with_key: bool) -> None:
    gateway = start_gateway()
    key = f"Authorization: Bearer {gateway.token}\r\n" if with_key else ""
    call_id = "Flowkit-Correlation-Id: call-1\r\n"
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}{call_id}\r\n".encode()
    with connection(gateway) as peer:
        peer.sendall(request)
        received(peer)
    eventually(lambda: "call-1" in gateway.log)
    assert "forged" not in gateway.log or "%0a2026" in gateway.log
    for line in gateway.log.removesuffix("\n").split("\n"):
        assert LINE.fullmatch(line), line


def test_garbage_fills_no_log(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--embedded")
    before = gateway.log
    for request in (
        b"NOT HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ):
        with connection(gateway) as peer:
            peer.sendall(request)
            assert received(peer).startswith(b"HTTP/1.1 4")
    assert gateway.log == before


def test_no_secret_is_logged_however_a_call_ends(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    secrets = ["s3cret-in-env", "s3cret-of-caller", "s3cret-in-command", "s3cret-in-query"]
    task = {
        "command": ["true", secrets[2]],
        "env": {"TOKEN": secrets[0]},
        "caller_env": {"KEY": secrets[1]},
    }
    with gateway.client() as client:
        client.post("/v1/tasks", json=task)
        client.post("/v1/tasks", json=task | {"cpus": -1})
        client.post("/v1/tasks", content=b'{"env": {"TOKEN": "s3cret-in-env"')
        client.get(f"/v1/tasks?name={secrets[3]}&label={secrets[3]}")
        client.post("/v1/tasks", json=task, headers={"Idempotency-Key": "a"})
        client.post("/v1/tasks", json=task | {"cpus": 2}, headers={"Idempotency-Key": "a"})
        _break_the_store(gateway)
        assert client.post("/v1/tasks", json=task).status_code == 500
        client.get("/v1/health", headers={"Flowkit-Correlation-Id": "the-last"})
    eventually(lambda: "the-last" in gateway.log)
    for secret in (gateway.token, *secrets):
        assert secret not in gateway.log


def _break_the_store(gateway: GatewayProcess) -> None:
    import sqlite3

    database = sqlite3.connect(gateway.data_dir / "flowkit.db")
    with database:
        database.execute("ALTER TABLE tasks RENAME TO elsewhere")
    database.close()
