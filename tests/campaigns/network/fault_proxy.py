"""A proxy between client and gateway that breaks what it is told to break.

It knows as much of HTTP as it needs: requests have a `Content-Length` or no body, and an answer
is taken apart only where a fault changes it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READ_BYTES = 65536


class Request(NamedTuple):
    """A request that has reached the proxy."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    """Names in small letters."""
    head: bytes
    body: bytes


class Answer(NamedTuple):
    """A whole answer of the gateway."""

    status_line: bytes
    headers: list[bytes]
    """Whole lines; those of the connection and of the length are left out."""
    body: bytes

    def head(self, *more: bytes) -> bytes:
        """Return the answer up to its body, with more header lines."""
        return b"\r\n".join([self.status_line, *self.headers, *more, b"", b""])

    def framed(self) -> bytes:
        """Return the answer as it should be."""
        return self.head(b"content-length: %d" % len(self.body)) + self.body


class Gone(Exception):
    """The client has closed its connection, or the gateway its own."""


class Exchange:
    """One request and the means to answer it, or not to."""

    def __init__(
        self, request: Request, upstream: tuple[str, int], writer: asyncio.StreamWriter
    ) -> None:
        self.request = request
        self._upstream = upstream
        self._writer = writer

    async def fetch(self) -> Answer:
        """Deliver the request, and return the gateway's whole answer."""
        reader, writer = await self._deliver()
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.read()
        except asyncio.IncompleteReadError as error:
            raise Gone from error
        finally:
            writer.close()
        status_line, *lines = head[:-4].split(b"\r\n")
        if _has(lines, b"transfer-encoding", b"chunked"):
            body = _joined(body)
        return Answer(status_line, [line for line in lines if not _is_framing(line)], body)

    async def relay(
        self, until: Callable[[bytes], int | None] = lambda _: None, *, piece: int = _READ_BYTES
    ) -> bool:
        """Deliver the request, and pass the answer on as it comes.

        Args:
            until: Called with each piece of the answer; a number says how many bytes of it to
                pass on before the answer is cut.
            piece: Most bytes to pass on at a time.

        Returns:
            Whether the whole answer was passed on.
        """
        reader, writer = await self._deliver()
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = [line for line in head[:-4].split(b"\r\n") if not _is(line, b"connection")]
            data = b"\r\n".join([*lines, b"", b""])
            while data:
                cut = until(data)
                await self.send(data[:cut])
                if cut is not None:
                    return False
                data = await reader.read(piece)
        except asyncio.IncompleteReadError as error:
            raise Gone from error
        finally:
            writer.close()
        return True

    async def send(self, data: bytes) -> None:
        """Send bytes to the client, whatever they are."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """End the connection as a server does that stops."""
        self._writer.close()

    def reset(self) -> None:
        """End the connection as a machine does that crashes."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    async def _deliver(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self._upstream, limit=2**20)
        lines = self.request.head[:-4].split(b"\r\n")
        kept = [line for line in lines if not _is(line, b"connection")]
        writer.write(b"\r\n".join([*kept, b"connection: close", b"", b""]) + self.request.body)
        await writer.drain()
        return reader, writer


Fault = Callable[[Exchange], Awaitable[None]]
Plan = Callable[[Request], Fault]


class FaultProxy:
    """A proxy in a thread of its own.

    Args:
        url: The gateway.
        plan: Says for each request how it is answered; `passed` where it is well.

    Attributes:
        requests: What has arrived.
        faults: The names of the faults that answered, beside `requests`.
    """

    def __init__(self, url: str, plan: Plan) -> None:
        self.requests: list[Request] = []
        self.faults: list[str] = []
        self.plan = plan
        self.upstream = _address(url)
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy")
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def redirect(self, url: str) -> None:
        """Let requests go to another gateway from now on."""
        self.upstream = _address(url)

    def count(self, operation: str) -> int:
        """Return how many requests had this method and beginning of a target."""
        return sum(f"{each.method} {each.target}".startswith(operation) for each in self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**24), self._loop
        ).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._serve(self.connections, reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ahead = b""
        try:
            while (request := await _read(number, ahead, reader)) is not None:
                self.requests.append(request)
                fault = self.plan(request)
                self.faults.append(getattr(fault, "__name__", "fault"))
                answering = asyncio.ensure_future(fault(Exchange(request, self.upstream, writer)))
                ahead = await _until_done_or_gone(answering, reader)
                if writer.is_closing():
                    return
        except (Gone, ConnectionError):
            return  # whoever else is there sees the connection end
        finally:
            writer.close()


async def _until_done_or_gone(
    answering: asyncio.Future[None], reader: asyncio.StreamReader
) -> bytes:
    """Wait for an answer's end; return what of a next request has been read meanwhile."""
    watching = asyncio.ensure_future(reader.read(1))
    both: set[asyncio.Future[Any]] = {answering, watching}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if watching.done() and watching.result():
            await answering
        elif watching.done():
            raise Gone
        else:
            answering.result()
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
    return watching.result() if watching.done() and not watching.cancelled() else b""


async def _read(number: int, ahead: bytes, reader: asyncio.StreamReader) -> Request | None:
    try:
        head = ahead + await reader.readuntil(b"\r\n\r\n")
        line, *fields = head[:-4].decode("latin-1").split("\r\n")
        pairs = (field.partition(":") for field in fields)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = line.split(" ")
    return Request(number, method, target, headers, head, body)


def script(faults: Sequence[Fault], then: Fault) -> Plan:
    """Return a plan that uses up a list of faults, and then one for ever."""
    left = list(faults)
    return lambda _: left.pop(0) if left else then


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _is(line: bytes, name: bytes) -> bool:
    return line.partition(b":")[0].lower() == name


def _is_framing(line: bytes) -> bool:
    return any(_is(line, name) for name in (b"connection", b"content-length", b"transfer-encoding"))


def _has(lines: list[bytes], name: bytes, value: bytes) -> bool:
    return any(_is(line, name) and value in line.lower() for line in lines)


def _joined(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        length = int(size, 16)
        body, chunks = body + chunks[:length], chunks[length + 2 :]
    return body
