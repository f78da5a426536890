"""A stream of events survives every cut: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from flowkit.errors import APIConnectionError, FlowError, InvalidResponse, TaskNotFound
from flowkit.transport.sse import ServerSentEvent
from tests.unit.twins import Twin, no_delays, problem, request

FRAMES = [f"id: {n}\ndata: é{n}\n\n".encode() for n in range(1, 6)] + [
    b"event: end\nid: 5\ndata: {}\n\n"
]
FOLLOW = request("follow_task_logs", accept="text/event-stream")


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a stream, which may break off."""

    def __init__(self, body: bytes, fault: Exception | None, size: int) -> None:
        self.body = body
        self.fault = fault
        self.size = size
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), self.size):
            yield self.body[start : start + self.size]
        if self.fault is not None:
            raise self.fault

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            await asyncio.sleep(0)
            yield chunk

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


class Server:
    """Serves FRAMES from the last event seen, and cuts each connection by a list of lengths."""

    def __init__(self, *cuts: int, fault: Exception | None = None, size: int = 7) -> None:
        self.cuts = list(cuts)
        self.fault = fault
        self.size = size
        self.resumed_from: list[str | None] = []
        self.streams: list[Stream] = []

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        last = sent.headers.get("Last-Event-ID")
        self.resumed_from.append(last)
        body = b"".join(FRAMES[int(last or 0) :])
        fault = None
        if self.cuts:
            body, fault = body[: self.cuts.pop(0)], self.fault
        self.streams.append(Stream(body, fault, self.size))
        return httpx.Response(200, stream=self.streams[-1])


def is_end(event: ServerSentEvent) -> bool:
    return event.type == "end"


def texts(events: Iterator[ServerSentEvent]) -> list[str]:
    return [event.data.decode() for event in events]


WHOLE = ["é1", "é2", "é3", "é4", "é5", "{}"]


@pytest.mark.parametrize("cut", range(len(b"".join(FRAMES)) + 1))
@pytest.mark.parametrize("fault", [None, httpx.ReadError("reset"), httpx.ReadTimeout("")], ids=repr)
def test_a_cut_at_any_byte_loses_nothing(twin: Twin, cut: int, fault: Exception | None) -> None:
    server = Server(cut, fault=fault)
    assert texts(twin.transport(server).events(FOLLOW, is_last=is_end)) == WHOLE
    assert all(stream.is_closed for stream in server.streams)


def test_the_stream_goes_on_where_it_was_cut(twin: Twin) -> None:
    server = Server(2 * len(FRAMES[0]) + 9)
    texts(twin.transport(server).events(FOLLOW, is_last=is_end))
    assert server.resumed_from == [None, "2"]


def test_progress_renews_the_patience(twin: Twin) -> None:
    # One frame a connection: five cuts, with a patience of two.
    server = Server(*[len(FRAMES[0])] * 5, fault=httpx.ReadError("reset"))
    policy = no_delays(2)
    assert texts(twin.transport(server, policy=policy).events(FOLLOW, is_last=is_end)) == WHOLE
    assert all(delay is not None and delay <= 0.1 for delay in policy.delays)


def test_a_comment_is_progress(twin: Twin) -> None:
    bodies = [b": keep-alive\n\n"] * 6 + [b"".join(FRAMES)]
    transport = twin.transport(lambda _: httpx.Response(200, content=bodies.pop(0)))
    assert texts(transport.events(FOLLOW, is_last=is_end)) == WHOLE


def test_without_progress_the_patience_ends(twin: Twin) -> None:
    server = Server(*[5] * 10, fault=httpx.ReadError("reset"))
    with pytest.raises(APIConnectionError, match="broke"):
        texts(twin.transport(server).events(FOLLOW, is_last=is_end))
    assert len(server.streams) == 3


def test_a_stream_that_ends_too_early_again_and_again_is_an_error(twin: Twin) -> None:
    server = Server(*[0] * 10)
    with pytest.raises(APIConnectionError, match="before its end"):
        texts(twin.transport(server).events(FOLLOW, is_last=is_end))


def test_a_bare_id_is_where_the_stream_resumes(twin: Twin) -> None:
    bodies = [b"id: 3\n\n", b"".join(FRAMES[3:])]
    seen: list[str | None] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        seen.append(sent.headers.get("Last-Event-ID"))
        return httpx.Response(200, content=bodies.pop(0))

    assert texts(twin.transport(handler).events(FOLLOW, is_last=is_end)) == WHOLE[3:]
    assert seen == [None, "3"]


def test_a_stream_that_is_refused_is_an_error(twin: Twin) -> None:
    transport = twin.transport(lambda _: problem(404, "task_not_found", "there is no task"))
    with pytest.raises(TaskNotFound, match="there is no task"):
        texts(transport.events(FOLLOW, is_last=is_end))


def test_a_stream_that_cannot_be_resumed_is_an_error(twin: Twin) -> None:
    answers = [httpx.Response(200, content=FRAMES[0]), problem(404, "task_not_found")]
    transport = twin.transport(lambda _: answers.pop(0))
    events = transport.events(FOLLOW, is_last=is_end)
    assert next(events).data.decode() == "é1"
    with pytest.raises(TaskNotFound):
        next(events)


def test_an_endless_event_is_an_error(twin: Twin) -> None:
    stream = Stream(b"x" * 17 * 1024 * 1024, None, 1024 * 1024)
    transport = twin.transport(lambda _: httpx.Response(200, stream=stream))
    with pytest.raises(InvalidResponse, match="larger"):
        texts(transport.events(FOLLOW, is_last=is_end))
    assert stream.is_closed


def test_who_stops_reading_frees_the_connection(twin: Twin) -> None:
    server = Server()
    events = twin.transport(server).events(FOLLOW, is_last=is_end)
    assert next(events).data.decode() == "é1"
    events.close()
    assert server.streams[0].is_closed


def test_a_stream_of_bytes_is_read_as_it_comes(twin: Twin) -> None:
    stream = Stream(b"abcdef", None, 2)
    with twin.transport(lambda _: httpx.Response(200, stream=stream)).stream(FOLLOW) as chunks:
        assert list(chunks) == [b"ab", b"cd", b"ef"]
    assert stream.is_closed


def test_a_stream_of_bytes_that_breaks_off_is_an_error(twin: Twin) -> None:
    stream = Stream(b"abcdef", httpx.ReadError("reset"), 2)
    transport = twin.transport(lambda _: httpx.Response(200, stream=stream))
    with transport.stream(FOLLOW) as chunks, pytest.raises(FlowError, match="broke"):
        list(chunks)
    assert stream.is_closed


async def test_a_cancelled_reader_frees_the_connection() -> None:
    from flowkit.transport._async.transport import AsyncTransport
    from flowkit.transport.endpoint import Endpoint, FixedGateway

    started = asyncio.Event()

    class Silent(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield FRAMES[0]
            started.set()
            await asyncio.Event().wait()

    stream = Silent(b"", None, 1)
    transport = AsyncTransport(
        FixedGateway(Endpoint("http://gateway.test")),
        connect=lambda: httpx.MockTransport(lambda _: httpx.Response(200, stream=stream)),
    )

    async def read() -> None:
        async for _ in transport.events(FOLLOW, is_last=is_end):
            pass

    reader = asyncio.create_task(read())
    await started.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert stream.is_closed
    await transport.close()
