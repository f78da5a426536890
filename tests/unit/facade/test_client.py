"""The smaller face does what the larger one does."""

from __future__ import annotations

import json

import httpx
import pytest

from flowkit import Client
from flowkit.transport._sync.transport import Transport
from flowkit.transport.endpoint import Endpoint, FixedGateway
from tests.unit.twins import TASK_ID, URL, Handler, task_document


def client(handler: Handler) -> Client:
    made = Client(api_url=URL)
    made.flow._api = Transport(
        FixedGateway(Endpoint(URL)), connect=lambda: httpx.MockTransport(handler)
    )
    return made


def test_run_waits_until_the_end() -> None:
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=task_document(status="completed", exit_code=0))

    with client(handler) as face:
        task = face.run("true", "a100", 2, 8, True, name="train", code=False)
    assert task.exit_code == 0
    assert json.loads(sent[0].content) == {
        "command": ["bash", "-c", "true"],
        "gpu": ["a100"],
        "cpus": 2,
        "memory_gb": 8.0,
        "name": "train",
    }
    assert sent[1].url.params["until"] == "terminal"


def test_status_is_a_list() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        one = request.url.path.endswith(TASK_ID)
        return httpx.Response(
            200, json=task_document() if one else {"items": [task_document()] * 2}
        )

    with client(handler) as face:
        assert [task.id for task in face.status(TASK_ID)] == [TASK_ID]
        assert len(face.status()) == 2


@pytest.mark.parametrize(
    ("status", "cancelled"),
    [("cancelled", True), ("running", True), ("completed", False), ("failed", False)],
)
def test_cancel_says_whether_it_will_be(status: str, cancelled: bool) -> None:
    with client(lambda _: httpx.Response(200, json=task_document(status=status))) as face:
        assert face.cancel(TASK_ID, True) is cancelled


def test_the_provider_port_is_the_generated_client() -> None:
    with client(lambda _: httpx.Response(500)) as face:
        assert face.provider_port() is face.flow.api
