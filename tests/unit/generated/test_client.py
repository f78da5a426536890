"""The plain clients, on real sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest
from flowkit_api import ApiError, AsyncClient, Client
from flowkit_api.api.events import follow_events
from flowkit_api.api.tasks import create_task, delete_task, follow_task_logs, get_task
from flowkit_api.models import TaskCreate

from . import samples
from .samples import TASK_ID


class Gateway(BaseHTTPRequestHandler):
    """A gateway of three answers: a task, a problem for what is named `missing`, a stream."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []
    released: ClassVar[threading.Event]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, headers, body))
        if "missing" in self.path:
            self.answer(404, samples.PROBLEM, "application/problem+json")
        elif self.path.endswith(":follow"):
            self.stream()
        else:
            self.answer(200, samples.TASK, "application/json")

    do_POST = do_GET

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def answer(self, status: int, body: dict[str, Any], content_type: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self) -> None:
        """Send one part, and the other one when the client has the first."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"id: 1\n\n")
        assert self.released.wait(10)
        self.wfile.write(b"id: 2\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    Gateway.seen = []
    Gateway.released = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_sync(url: str) -> None:
    with Client(url, token="secret", project="vision") as client:
        body = TaskCreate(command=["true"])
        assert create_task.sync(client=client, body=body, idempotency_key="k").id == TASK_ID
        delete_task.sync(client=client, task_id=TASK_ID)
    method, path, headers, sent = Gateway.seen[0]
    assert (method, path, sent) == ("POST", "/v1/tasks", b'{"command":["true"]}')
    assert headers["authorization"] == "Bearer secret"
    assert headers["flowkit-project"] == "vision"
    assert headers["idempotency-key"] == "k"


async def test_asyncio(url: str) -> None:
    async with AsyncClient(url, token="secret", project="vision") as client:
        assert (await get_task.asyncio(client=client, task_id=TASK_ID)).id == TASK_ID
        await delete_task.asyncio(client=client, task_id=TASK_ID)
    assert Gateway.seen[0][2]["authorization"] == "Bearer secret"


def test_without_a_token_or_project_none_is_sent(url: str) -> None:
    with Client(url) as client:
        get_task.sync(client=client, task_id=TASK_ID)
    assert {"authorization", "flowkit-project"}.isdisjoint(Gateway.seen[0][2])


def test_a_stream_is_read_as_it_arrives(url: str) -> None:
    with Client(url) as client, follow_events.stream(client=client) as chunks:
        assert next(chunks) == b"id: 1\n\n"
        Gateway.released.set()
        assert list(chunks) == [b"id: 2\n\n"]


async def test_a_stream_is_read_as_it_arrives_in_asyncio(url: str) -> None:
    async with AsyncClient(url) as client, follow_events.astream(client=client) as chunks:
        assert await anext(chunks) == b"id: 1\n\n"
        Gateway.released.set()
        assert [chunk async for chunk in chunks] == [b"id: 2\n\n"]


def test_a_refusal_is_raised_and_the_client_goes_on(url: str) -> None:
    with Client(url) as client:
        with pytest.raises(ApiError, match="there is no such task") as caught:
            get_task.sync(client=client, task_id="missing")
        assert caught.value.code == "task_not_found"
        with (
            pytest.raises(ApiError, match="there is no such task"),
            follow_task_logs.stream(client=client, task_id="missing"),
        ):
            pytest.fail("there was nothing to stream")
        assert get_task.sync(client=client, task_id=TASK_ID).id == TASK_ID


async def test_a_refusal_is_raised_in_asyncio(url: str) -> None:
    async with AsyncClient(url) as client:
        with pytest.raises(ApiError, match="there is no such task"):
            await get_task.asyncio(client=client, task_id="missing")
        with pytest.raises(ApiError, match="there is no such task"):
            async with follow_task_logs.astream(client=client, task_id="missing"):
                pytest.fail("there was nothing to stream")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with Client(url) as client:
        assert get_task.sync(client=client, task_id=TASK_ID).id == TASK_ID


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": "/x"}))
    with (
        Client("http://gateway", token="secret", transport=transport) as client,
        pytest.raises(ApiError) as caught,
    ):
        get_task.sync(client=client, task_id=TASK_ID)
    assert caught.value.status == 302


def test_no_answer_is_httpx_s_error() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(httpx.TransportError):
        get_task.sync(client=client, task_id=TASK_ID)
