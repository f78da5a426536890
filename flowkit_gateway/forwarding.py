"""Connections that are passed on, byte by byte, to the gateway that has the tasks."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from types import TracebackType

import msgspec

from flowkit_gateway.problems import Unavailable

_CONNECT_SECONDS = 2.0
_LOOK_SECONDS = 0.25
"""Seconds between two looks whether another gateway has the tasks by now."""
_CHUNK = 1 << 16


class Forwarding:
    """Serves a socket for as long as it is entered.

    Args:
        listener: the socket; it stays open.
        target: returns where to pass connections on to, `HOST:PORT`; None while there is nobody.
    """

    def __init__(self, listener: socket.socket, target: Callable[[], str | None]) -> None:
        self._listener = listener
        self._target = target
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Forwarding:
        self._server = await asyncio.start_server(self._begin, sock=self._listener.dup())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until an end of it closes, or the tasks change hands."""
        try:
            target = self._target()
            found = None if target is None else await _connected(target)
            if target is None or found is None:
                await _refuse(reader, writer)
                return
            await self._pass_on(target, (reader, writer), found)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # Whoever is gone resumes, if it wants to.
        finally:
            writer.close()

    async def _pass_on(
        self,
        target: str,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        gateway: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        ways = {
            asyncio.ensure_future(_copy(client[0], gateway[1])),
            asyncio.ensure_future(_copy(gateway[0], client[1])),
        }
        try:
            # A gateway that is stopped closes nothing: its clients are told by this.
            while self._target() == target:
                done, _ = await asyncio.wait(
                    ways, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if done:
                    return
        finally:
            for way in ways:
                way.cancel()
            gateway[1].close()
            await asyncio.wait(ways)


async def _connected(
    target: str,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    host, _, port = target.rpartition(":")
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, TimeoutError):
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request as a gateway does that cannot reach its database."""
    await reader.readuntil(b"\r\n\r\n")
    problem = Unavailable(
        "no gateway has the tasks at the moment; nothing was changed",
        hint="one of them takes over within seconds; its log says what it waits for",
        retry_after=1.0,
    )
    correlation_id = secrets.token_hex(8)
    body = msgspec.json.encode(problem.document(correlation_id))
    head = {
        "content-type": "application/problem+json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "connection": "close",
        "flowkit-correlation-id": correlation_id,
        **problem.headers(),
    }
    lines = ["HTTP/1.1 503 Service Unavailable", *(f"{name}: {head[name]}" for name in head)]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()
