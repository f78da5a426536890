"""A task's output as text, as lines and as bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flowkit import (
    InvalidRequest,
    InvalidResponse,
)
from tests.unit.facade.gateway import Gateway, chunk, sse
from tests.unit.twins import TASK_ID, Twin

MIXED = [
    chunk(b"one\ncaf\xc3"),
    chunk(b"warn", "stderr"),
    chunk(b"\xa9 50%\r60%\n"),
    chunk(b"ing\n", "stderr"),
    chunk(b"last\xff"),
]


def test_text_comes_in_the_order_of_arrival(twin: Twin, gateway: Gateway) -> None:
    page = {"chunks": MIXED[:3], "next_offset": 9, "end": False}
    rest = {"chunks": MIXED[3:], "next_offset": 20, "end": True}
    flow = twin.flow(gateway.on("GET /tasks/ID/logs", page, rest))
    assert flow.logs(TASK_ID) == "one\ncafwarné 50%\r60%\ning\nlast\ufffd"
    assert gateway.queries == [{"tail": ["100"]}, {"offset": ["9"]}]


def test_lines_are_those_of_their_stream(twin: Twin, gateway: Gateway) -> None:
    body = b"".join(sse("log", n, item) for n, item in enumerate(MIXED, 1))
    body += sse("news", 6, {}) + sse("end", 6, {"offset": 6, "status": "completed"})
    flow = twin.flow(gateway.on("GET /tasks/ID/logs:follow", body))
    lines = list(flow.logs(TASK_ID, follow=True))
    assert lines == ["one", "café 50%\r60%", "warning", "last\ufffd"]
    assert gateway.queries == [{}]


def test_chunks_are_the_bytes_themselves(twin: Twin, gateway: Gateway) -> None:
    page = {"chunks": MIXED, "next_offset": 9, "end": True}
    flow = twin.flow(gateway.on("GET /tasks/ID/logs", page))
    chunks = list(flow.tasks.log_chunks(TASK_ID))
    assert b"".join(data for name, data in chunks if name == "stdout") == (
        b"one\ncaf\xc3\xa9 50%\r60%\nlast\xff"
    )
    assert gateway.queries == [{}]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, {"tail": ["100"]}),
        ({"tail": 5}, {"tail": ["5"]}),
        ({"tail": 0}, {"tail": ["0"]}),
        ({"stderr": True}, {"tail": ["100"], "stream": ["stderr"]}),
        ({"stream": "stdout"}, {"tail": ["100"], "stream": ["stdout"]}),
        ({"stream": "both"}, {"tail": ["100"]}),
        ({"source": "stderr"}, {"tail": ["100"], "stream": ["stderr"]}),
        ({"stderr": True, "stream": "stderr"}, {"tail": ["100"], "stream": ["stderr"]}),
        (
            {"since": datetime(2026, 11, 20, 10, tzinfo=UTC)},
            {"since": ["2026-11-20T10:00:00Z"]},
        ),
        (
            {"since": "2026-11-20T10:00:00Z", "tail": 3},
            {"since": ["2026-11-20T10:00:00Z"], "tail": ["3"]},
        ),
    ],
)
def test_what_is_asked_for(
    twin: Twin,
    gateway: Gateway,
    arguments: dict[str, Any],
    query: dict[str, list[str]],
) -> None:
    page = {"chunks": [], "next_offset": 0, "end": True}
    assert twin.flow(gateway.on("GET /tasks/ID/logs", page)).logs(TASK_ID, **arguments) == ""
    assert gateway.queries == [query]


@pytest.mark.parametrize(
    "arguments",
    [
        {"stream": "stdin"},
        {"source": "host"},
        {"stream": "stdout", "stderr": True},
        {"tail": -1},
        {"tail": "5"},
        {"since": "soon"},
    ],
)
@pytest.mark.parametrize("follow", [False, True])
def test_a_wrong_argument_is_refused_before_anything_is_read(
    twin: Twin, gateway: Gateway, arguments: dict[str, Any], follow: bool
) -> None:
    with pytest.raises(InvalidRequest):
        twin.flow(gateway).logs(TASK_ID, follow=follow, **arguments)


def test_a_task_that_writes_on_does_not_keep_a_tail_going(twin: Twin, gateway: Gateway) -> None:
    page = {"chunks": [chunk(b"y\n" * 60)], "next_offset": 1, "end": False}
    flow = twin.flow(gateway.on("GET /tasks/ID/logs", page))
    assert flow.logs(TASK_ID, tail=100).count("\n") == 120


def test_output_that_cannot_be_read_is_an_error(twin: Twin, gateway: Gateway) -> None:
    broken = chunk(b"") | {"text": None, "base64": "*"}
    page = {"chunks": [broken], "next_offset": 1, "end": True}
    gateway.on("GET /tasks/ID/logs", page)
    gateway.on("GET /tasks/ID/logs:follow", b"event: log\ndata: {\n\n")
    flow = twin.flow(gateway)
    with pytest.raises(InvalidResponse, match="base64"):
        flow.logs(TASK_ID)
    with pytest.raises(InvalidResponse, match="LogChunk"):
        list(flow.logs(TASK_ID, follow=True))
