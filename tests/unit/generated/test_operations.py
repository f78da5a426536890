"""Each operation: the request that it makes, sent by both plain clients, and the answer read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any

import httpx
import pytest
from flowkit_api import AsyncClient, Client, InvalidBody
from flowkit_api.api.tasks import get_task, get_task_logs, list_tasks
from flowkit_api.models import Task

from .call import Call
from .calls import CALLS
from .samples import TASK_ID

CONTRACT = json.loads((files("flowkit_api") / "openapi.json").read_bytes())
STREAM = b"id: 4\ndata: {}\n\n"
_TYPES: dict[type, str] = {bytes: "application/octet-stream", dict: "application/json"}


class Gateway:
    """Answers as the contract says, and keeps the request."""

    def __init__(self, call: Call, module: ModuleType) -> None:
        self.call = call
        self.module = module

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        if hasattr(self.module, "stream"):
            return httpx.Response(200, content=STREAM)
        if self.call.answer is None:
            return httpx.Response(204)
        return httpx.Response(200, json=self.call.answer)

    def check(self) -> None:
        """Compare what was sent with what had to be."""
        request, call = self.request, self.call
        assert f"{request.method} {request.url.raw_path.decode()}" == call.wire
        if isinstance(call.body, bytes):
            assert request.content == call.body
        else:
            assert (json.loads(request.content) if request.content else None) == call.body
        assert request.headers.get("content-type") == _TYPES.get(type(call.body))
        assert set(call.headers) <= set(request.headers.items())
        assert request.headers["accept"] == answer_type(self.module.__name__.rpartition(".")[2])

    def check_answer(self, value: Any) -> None:
        assert (None if value is None else value.to_dict()) == self.call.answer


def operations() -> Iterator[tuple[str, str]]:
    for item in CONTRACT["paths"].values():
        for operation in item.values():
            if "operationId" in operation:
                yield operation["tags"][0], operation["operationId"]


def answer_type(name: str) -> str:
    """Return the type of an operation's successful answer, by the contract."""
    described = (operation for item in CONTRACT["paths"].values() for operation in item.values())
    answers = next(one["responses"] for one in described if _id(one) == name)
    first = answers[min(status for status in answers if status != "default")]
    return str(next(iter(first.get("content", {"application/json": {}}))))


def _id(operation: Any) -> str | None:
    return operation.get("operationId") if isinstance(operation, dict) else None


each_operation = pytest.mark.parametrize(("tag", "name"), list(operations()))


def test_every_operation_is_tried() -> None:
    assert sorted(CALLS) == sorted(name for _, name in operations())


def prepared(tag: str, name: str) -> Gateway:
    return Gateway(CALLS[name], import_module(f"flowkit_api.api.{tag}.{name}"))


@each_operation
def test_sync(tag: str, name: str) -> None:
    gateway = prepared(tag, name)
    with Client("http://gateway", transport=httpx.MockTransport(gateway)) as client:
        if hasattr(gateway.module, "stream"):
            with gateway.module.stream(client=client, **gateway.call.arguments) as chunks:
                assert b"".join(chunks) == STREAM
        else:
            gateway.check_answer(gateway.module.sync(client=client, **gateway.call.arguments))
    gateway.check()


@each_operation
async def test_asyncio(tag: str, name: str) -> None:
    gateway = prepared(tag, name)
    async with AsyncClient("http://gateway", transport=httpx.MockTransport(gateway)) as client:
        if hasattr(gateway.module, "stream"):
            async with gateway.module.astream(client=client, **gateway.call.arguments) as chunks:
                assert b"".join([chunk async for chunk in chunks]) == STREAM
        else:
            answer = await gateway.module.asyncio(client=client, **gateway.call.arguments)
            gateway.check_answer(answer)
    gateway.check()


@each_operation
def test_request_names_its_operation(tag: str, name: str) -> None:
    gateway = prepared(tag, name)
    assert gateway.module.request(**gateway.call.arguments).operation == name


def test_a_path_cannot_be_left() -> None:
    assert get_task.request(task_id="a/b?c%2F").path == "/v1/tasks/a%2Fb%3Fc%252F"
    for outside in ("", ".", ".."):
        with pytest.raises(ValueError, match="cannot be part of a path"):
            get_task.request(task_id=outside)


def test_an_encoded_path_is_sent_as_it_is() -> None:
    gateway = Gateway(CALLS["get_task"], get_task)
    with Client("http://gateway/behind/", transport=httpx.MockTransport(gateway)) as client:
        get_task.sync(client=client, task_id="a/b%2F ü")
    assert gateway.request.url.raw_path == b"/behind/v1/tasks/a%2Fb%252F%20%C3%BC"


def test_absent_parameters_are_not_sent() -> None:
    assert list_tasks.request().params == ()
    assert list_tasks.request(status=[]).params == ()


def test_times_are_sent_in_utc_and_need_a_zone() -> None:
    request = get_task_logs.request(task_id="t", since=datetime(2026, 1, 2, 3, 4, 5, 678, UTC))
    assert request.params == (("since", "2026-01-02T03:04:05.000678Z"),)
    with pytest.raises(ValueError, match="since needs a time zone"):
        get_task_logs.request(task_id="t", since=datetime(2026, 1, 2))


def test_an_answer_can_be_read_apart_from_the_call() -> None:
    gateway = Gateway(CALLS["get_task"], get_task)
    with Client("http://gateway", transport=httpx.MockTransport(gateway)) as client:
        reply = client.send(get_task.request(task_id=TASK_ID))
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert isinstance(get_task.parse(reply), Task)


@pytest.mark.parametrize("body", [b"<html>", b'{"id": 1}', b"", b"\xff", b'{"items": null}'])
def test_an_answer_that_is_not_the_contract_s(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with (
        Client("http://gateway", transport=transport) as client,
        pytest.raises(InvalidBody, match="not a TaskPage"),
    ):
        list_tasks.sync(client=client)
