"""Connections that no client of ours would make: stalled, cut, garbled, pipelined."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from flowkit_gateway.call import Message, Receive, Send
from flowkit_gateway.http_server import HTTPServer, Limits

HEAD_SECONDS, BODY_SECONDS = 0.2, 0.6
UNREAD_BYTES = 1000
BODY_BYTES = 100_000
IDLE_CONNECTIONS = 3
GET = b"GET /now HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
LONG_BODY = 20 * BODY_BYTES
LONG_POST = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % LONG_BODY


class Application:
    """Answers `/now` at once, `/slow` when it is told to, and `/read` when it has the body.

    What is sent to `/late` is read once it is told to.
    """

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.disconnected = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            gone = asyncio.ensure_future(self._gone(receive))
            go = asyncio.ensure_future(self.go.wait())
            await asyncio.wait({gone, go}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            go.cancel()
        if scope["path"] == "/late":
            await self.go.wait()
        if scope["path"] in ("/read", "/late"):
            await self._gone(receive, until_read=True)
        body = scope["path"].encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _gone(self, receive: Receive, *, until_read: bool = False) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                return
            if until_read and not message.get("more_body"):
                return


class Peer:
    """The other end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def received(self, end: bytes) -> bytes:
        return await asyncio.wait_for(self._reader.readuntil(end), 5)

    async def rest(self) -> bytes:
        """Return what comes until the server closes the connection."""
        return await asyncio.wait_for(self._reader.read(), 5)

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


Connect = Callable[[], Awaitable[Peer]]


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[Connect]:
    limits = Limits(
        unread_bytes=UNREAD_BYTES,
        head_seconds=HEAD_SECONDS,
        body_seconds=BODY_SECONDS,
        body_bytes=BODY_BYTES,
        idle_connections=IDLE_CONNECTIONS,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        server = HTTPServer(application, limits)
        await server.begin(listener)
        peers: list[Peer] = []

        async def connect() -> Peer:
            peers.append(Peer(*await asyncio.open_connection(*listener.getsockname())))
            return peers[-1]

        try:
            yield connect
        finally:
            application.go.set()
            for peer in peers:
                await peer.close()
            await server.shutdown([listener])


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /now HTTP/1.1\r\nHost: lo"])
async def test_a_client_that_stalls_before_its_head_is_whole_loses_its_connection(
    sent: bytes,
) -> None:
    async with served(Application()) as connect:
        peer = await connect()
        await peer.send(sent)
        assert await peer.rest() == b""


@pytest.mark.parametrize("sent", [b"\r\n", b"GET /now HTTP/1.1\r\n"])
async def test_a_client_that_stalls_in_a_later_head_loses_its_connection(sent: bytes) -> None:
    async with served(Application()) as connect:
        peer = await connect()
        await peer.send(GET)
        assert b"200 OK" in await peer.received(b"/now")
        await peer.send(sent)
        assert await peer.rest() == b""


async def test_a_client_that_trickles_its_head_loses_its_connection() -> None:
    async def trickle(peer: Peer) -> None:
        while True:
            await peer.send(b"x: y\r\n")
            await asyncio.sleep(HEAD_SECONDS / 10)

    async with served(Application()) as connect:
        peer = await connect()
        await peer.send(b"GET /now HTTP/1.1\r\n")
        trickling = asyncio.create_task(trickle(peer))
        with suppress(ConnectionError):
            assert await peer.rest() == b""
        trickling.cancel()
        await asyncio.wait([trickling])


async def test_a_client_that_stalls_in_its_body_loses_its_connection() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(POST + b"ab")
        assert await peer.rest() == b""
    assert application.disconnected.is_set()


async def test_a_client_that_trickles_its_body_loses_its_connection() -> None:
    application = Application()

    async def trickle(peer: Peer) -> None:
        while True:
            await peer.send(b"x" * (BODY_BYTES // 100))
            await asyncio.sleep(BODY_SECONDS / 20)

    async with served(application) as connect:
        peer = await connect()
        await peer.send(LONG_POST)
        trickling = asyncio.create_task(trickle(peer))
        with suppress(ConnectionError):
            assert await peer.rest() == b""
        trickling.cancel()
        await asyncio.wait([trickling])
    assert application.disconnected.is_set()


async def test_a_long_body_that_goes_on_arriving_keeps_its_connection() -> None:
    async with served(Application()) as connect:
        peer = await connect()
        await peer.send(LONG_POST)
        pieces = 20
        for _ in range(pieces):
            await peer.send(b"x" * (LONG_BODY // pieces))
            await asyncio.sleep(BODY_SECONDS / 5)
        assert b"200 OK" in await peer.received(b"/read")


async def test_a_body_that_the_gateway_does_not_take_keeps_its_connection() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(LONG_POST.replace(b"/read", b"/late"))
        sending = asyncio.create_task(peer.send(b"x" * LONG_BODY))
        await asyncio.sleep(BODY_SECONDS * 2.5)
        application.go.set()
        assert b"200 OK" in await peer.received(b"/late")
        await sending


async def test_a_client_that_waits_for_its_answer_keeps_its_connection() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(SLOW)
        await asyncio.sleep(BODY_SECONDS * 1.5)
        application.go.set()
        assert b"200 OK" in await peer.received(b"/slow")
        await peer.send(GET)
        assert b"200 OK" in await peer.received(b"/now")


async def test_garbage_after_a_request_does_not_take_its_answer_away() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(SLOW + GET + b"GARBAGE GARBAGE\r\n\r\n")
        await asyncio.sleep(0)
        application.go.set()
        answers = await peer.rest()
    statuses = [answers.index(text) for text in (b"/slow", b"/now", b"400 Bad Request")]
    assert statuses == sorted(statuses)


async def test_garbage_within_a_body_ends_the_request_and_is_told() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(b"POST /read HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
        answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert application.disconnected.is_set()


async def test_a_client_that_goes_on_after_its_answer_can_read_it_but_not_send_for_ever() -> None:
    async with served(Application()) as connect:
        peer = await connect()
        await peer.send(b"POST /now HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        assert b"200 OK" in await peer.received(b"/now")
        await peer.send(b"x" * UNREAD_BYTES)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.rest(), 0.05)
        await peer.send(b"x")
        assert await peer.rest() == b""


async def test_a_body_that_is_announced_and_not_wanted_ends_the_connection() -> None:
    async with served(Application()) as connect:
        peer = await connect()
        head = b"POST /now HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        await peer.send(head)
        assert (await peer.rest()).startswith(b"HTTP/1.1 200 OK")


async def test_a_client_that_leaves_is_noticed_though_it_has_asked_for_more() -> None:
    application = Application()
    async with served(application) as connect:
        peer = await connect()
        await peer.send(SLOW + GET)
        await asyncio.sleep(0.05)
        await peer.close()
        await asyncio.wait_for(application.disconnected.wait(), 5)


async def test_many_idle_connections_keep_nobody_out_and_cut_nobody_off() -> None:
    application = Application()
    async with served(application) as connect:
        answered, kept = await connect(), await connect()
        await answered.send(SLOW)
        await kept.send(GET)
        assert b"200 OK" in await kept.received(b"/now")
        for _ in range(10 * IDLE_CONNECTIONS):
            stalled = await connect()
            await stalled.send(b"GET /now HTTP/1.1\r\n")
        assert await kept.rest() == b""
        late = await connect()
        await late.send(GET)
        assert b"200 OK" in await late.received(b"/now")
        application.go.set()
        assert b"200 OK" in await answered.received(b"/slow")
