"""What others wrote reaches a terminal raw only where a task's own output is asked for.

A server that puts control sequences into every text that the contract has stands for tasks,
people and proxies that mean harm.
"""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import select
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from flowkit_gateway.contract import Contract
from tests.campaigns.security.worst_documents import answer_of
from tests.isolated_home import FLOWKIT, isolated_home

CONTRACT = Contract.load()
HOSTILE = "\x1b]0;PWNED\x07\rforged\x08\x7f\x9b31m\u202egnp.exe\u2028line\u2066x\x00"
RAW = ["\x1b]", "\x07", "\rforged", "\x08", "\x7f", "\x9b", "\u202e", "\u2028", "\u2066", "\x00"]
TASK_ID = "task_" + "0" * 26
AT = "2026-11-20T10:00:00Z"
STDERR_OF_TASK = "\x1b[1mbold\x07"

TASK = {
    "id": TASK_ID,
    "command": ["sh", HOSTILE],
    "name": HOSTILE,
    "gpu": [HOSTILE],
    "instance_type": HOSTILE,
    "env": {HOSTILE: HOSTILE},
    "working_dir": HOSTILE,
    "region": HOSTILE,
    "labels": {HOSTILE: HOSTILE},
    "project": HOSTILE,
    "created_by": HOSTILE,
    "status": "failed",
    "reason": HOSTILE,
    "message": HOSTILE,
    "exit_code": 1,
    "engine": HOSTILE,
    "simulated": False,
    "attempt": 1,
    "created_at": AT,
    "started_at": AT,
    "finished_at": AT,
}
EVENT = {
    "number": 1,
    "type": HOSTILE,
    "at": AT,
    "task_id": HOSTILE,
    "status": HOSTILE,
    "reason": HOSTILE,
    "message": HOSTILE,
}
LIMITS = ["max_body_bytes", "max_batch_tasks", "max_wait_seconds", "max_output_bytes"]
LIMITS += ["max_num_instances", "cpus", "memory_gb", "gpus"]
DOCUMENTS: dict[str, Any] = {
    "/v1/server": {
        "version": HOSTILE,
        "contract_version": HOSTILE,
        "engine": HOSTILE,
        "embedded": False,
        "simulated": True,
        "pid": 1,
        "started_at": AT,
        "uptime_seconds": 1.0,
        "project": HOSTILE,
        "user": HOSTILE,
        "limits": dict.fromkeys(LIMITS, 1),
    },
    "/v1/instance_types": {
        "items": [
            {
                "name": HOSTILE,
                "gpu_count": 1,
                "gpu_model": HOSTILE,
                "gpu_memory_gb": 1.0,
                "vendor": HOSTILE,
                "cpus": 1.0,
                "memory_gb": 1.0,
                "region": HOSTILE,
                "price_per_hour": {"amount_minor": 1, "currency": HOSTILE},
                "available": 1,
                "simulated": True,
            }
        ]
    },
    "/v1/tasks": {"items": [TASK]},
    "/v1/tasks:plan": {
        "feasible": False,
        "engine": HOSTILE,
        "simulated": False,
        "gpu": HOSTILE,
        "instance_type": HOSTILE,
        "num_instances": 1,
        "warning": HOSTILE,
        "checks": [{"name": HOSTILE, "outcome": HOSTILE, "detail": HOSTILE}],
    },
    "/v1/events": {"items": [EVENT]},
    f"/v1/tasks/{TASK_ID}/events": {"items": [EVENT]},
    f"/v1/tasks/{TASK_ID}/logs": {
        "chunks": [
            {"stream": "stdout", "offset": 0, "time": AT, "text": HOSTILE},
            {
                "stream": "stderr",
                "offset": 99,
                "time": AT,
                "base64": base64.b64encode(STDERR_OF_TASK.encode()).decode(),
            },
        ],
        "next_offset": 200,
        "end": True,
    },
}
PROBLEM = {
    "type": HOSTILE,
    "title": HOSTILE,
    "status": 422,
    "detail": HOSTILE,
    "code": HOSTILE,
    "correlation_id": HOSTILE,
    "hint": HOSTILE,
    "details": [{"loc": HOSTILE, "msg": HOSTILE, "hint": HOSTILE}],
}
VOLUME_ID = "vol_" + "0" * 26
LISTED = [
    ["volume", "ls"],
    ["volume", "show", VOLUME_ID],
    ["volume", "invitations"],
    ["ls", f"{VOLUME_ID}:"],
    ["outputs", TASK_ID],
    ["secret", "ls"],
    ["profile-file", "ls"],
    ["sweep", "ls"],
    ["sweep", "show", "sweep_" + "0" * 26],
    ["reservation", "ls"],
    ["reservation", "show", "reservation_" + "0" * 26],
    ["gateway", "gc", "--dry-run"],
]
COMMANDS = [
    ["ps"],
    ["ps", "-o", "json"],
    ["status", TASK_ID],
    ["status", TASK_ID, "-o", "json"],
    ["events"],
    ["events", "-o", "json"],
    ["events", TASK_ID],
    ["events", "-f", TASK_ID],
    ["events", "-f", TASK_ID, "-o", "json"],
    ["gpus"],
    ["gpus", "-o", "json"],
    ["plan", "--", "true"],
    ["plan", "-o", "json", "--", "true"],
    ["submit", "--code", "none", "--", "true"],
    ["submit", "--code", "none", "-o", "json", "--", "true"],
    *(command for listed in LISTED for command in (listed, [*listed, "-o", "json"])),
    ["wait", TASK_ID],
    ["wait", TASK_ID, "-o", "json"],
    ["cancel", TASK_ID],
    ["cancel", "--all"],
    ["delete", TASK_ID],
    ["gateway", "status"],
    ["gateway", "status", "-o", "json"],
    ["logs", TASK_ID, "-o", "json"],
    ["api", "GET", "/v1/server"],
    ["config", "show"],
]


class Hostile(BaseHTTPRequestHandler):
    """Answers every call with the worst that the contract allows."""

    protocol_version = "HTTP/1.1"
    failing: str | None = None

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if self.failing == "problem":
            self._send(422, "application/problem+json", json.dumps(PROBLEM).encode())
        elif self.failing == "page":
            page = f"<html><title>{HOSTILE}</title><body>{HOSTILE}</body></html>"
            self._send(502, "text/html", page.encode())
        elif self.failing == "nonsense":
            self._send(200, "application/json", json.dumps({HOSTILE: HOSTILE}).encode())
        elif path.endswith(":follow"):
            event = f"event: x\nid: 1\ndata: {json.dumps(EVENT | {'status': 'failed'})}\n\n"
            self._send(200, "text/event-stream", event.encode())
        elif self.command == "DELETE":
            self._send(204, "application/json", b"")
        else:
            document = TASK if self._is_of_task(path) else DOCUMENTS.get(path)
            if document is None:
                document = answer_of(CONTRACT.find(self.command, path)[0], HOSTILE)
            status = 201 if (self.command, path) == ("POST", "/v1/tasks") else 200
            self._send(status, "application/json", json.dumps(document).encode())

    def _is_of_task(self, path: str) -> bool:
        one = path.partition(":")[0] == f"/v1/tasks/{TASK_ID}"
        return one or (self.command, path) == ("POST", "/v1/tasks")

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Flowkit-Correlation-Id", "c-1")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_PATCH = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def environment(
    server: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    with isolated_home(tmp_path_factory.mktemp("home")) as environment:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield environment | {"FLOWKIT_API_URL": url, "FLOWKIT_API_KEY": "k" * 32, "TERM": "xterm"}


@pytest.fixture
def failing(request: pytest.FixtureRequest) -> Iterator[str]:
    Hostile.failing = request.param
    yield request.param
    Hostile.failing = None


def run(environment: dict[str, str], *arguments: str) -> bytes:
    """Run a command and return all that it wrote."""
    ended = subprocess.run(
        [FLOWKIT, *arguments], env=environment, capture_output=True, timeout=60, check=False
    )
    return ended.stdout + b"\n--\n" + ended.stderr


def run_on_terminal(environment: dict[str, str], *arguments: str) -> bytes:
    """Run a command on a terminal and return all that it wrote."""
    leader, terminal = pty.openpty()
    process = subprocess.Popen(
        [FLOWKIT, *arguments], env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    written = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        written += block
    os.close(leader)
    process.wait(timeout=60)
    return written


def raw_in(written: bytes) -> list[str]:
    return [mark for mark in RAW if mark.encode() in written]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_passes_on_a_control_sequence(
    environment: dict[str, str], command: list[str]
) -> None:
    written = run(environment, *command)
    assert b"Traceback" not in written
    assert raw_in(written) == []
    if "json" in command:
        output = written.partition(b"\n--\n")[0]
        lines = output.splitlines() if {"logs", "-f"} & set(command) else [output]
        assert "PWNED" in json.dumps([json.loads(line) for line in lines])


@pytest.mark.parametrize(
    "command", [["ps"], ["events"], ["gpus"], ["status", TASK_ID], ["wait", TASK_ID]], ids=" ".join
)
def test_no_table_on_a_terminal_passes_on_a_control_sequence(
    environment: dict[str, str], command: list[str]
) -> None:
    written = run_on_terminal(environment, *command)
    assert b"PWNED" in re.sub(rb"\s", b"", written) or command[0] == "gpus"
    assert raw_in(written) == []


@pytest.mark.parametrize("failing", ["problem", "page", "nonsense"], indirect=True)
@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize("command", [["ps"], ["status", TASK_ID], ["submit", "--", "true"]])
def test_no_error_passes_on_a_control_sequence(
    environment: dict[str, str], failing: str, debug: str, command: list[str]
) -> None:
    # Without retries that take their time: what is tested is what is said in the end.
    written = run(environment | {"FLOWKIT_DEBUG": debug}, *command)
    assert b"error: " in written
    assert raw_in(written) == []


def test_a_tasks_own_output_is_passed_on_as_it_is(environment: dict[str, str]) -> None:
    written = run(environment, "logs", TASK_ID)
    assert HOSTILE.encode() in written
    assert STDERR_OF_TASK.encode() in written


@pytest.mark.parametrize("name", ["a\x1b[31mb", "task_\x07", "\u202ename"])
def test_what_a_user_mistypes_is_told_escaped(environment: dict[str, str], name: str) -> None:
    for command in (["status", name], ["run", "--gpu", name, "true"], ["run", "-e", name, "true"]):
        written = run(environment, *command)
        assert b"Traceback" not in written
        assert [mark for mark in ("\x1b", "\x07", "\u202e") if mark.encode() in written] == []


def test_the_log_of_a_gateway_is_shown_without_control_sequences(tmp_path: Path) -> None:
    with isolated_home(tmp_path) as environment:
        (tmp_path / "gateway").mkdir()
        (tmp_path / "gateway" / "gateway.log").write_text(f"a line\n{HOSTILE}\n")
        written = run(environment, "gateway", "logs")
    assert b"a line\n" in written
    assert raw_in(written) == []
