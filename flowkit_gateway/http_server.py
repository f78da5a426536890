"""uvicorn, driven by the gateway instead of by its own command."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import secrets
import socket
from collections.abc import Callable

import msgspec
from uvicorn.config import Config
from uvicorn.server import Server

from flowkit_gateway.call import Message, Receive, Send
from flowkit_gateway.problems import MalformedRequest

_MAX_HEADER_BYTES = 65_536
"""Most bytes of a request line with its header fields."""
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep a connection, so that it is them who close it (RFC 9112, 9.5)."""
_GRACE_SECONDS = 0.5


class HTTPServer(Server):
    """Serves one application on one socket.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: Callable[[Message, Receive, Send], object]) -> None:
        super().__init__(
            Config(
                app,
                http=_protocol(),  # type: ignore[arg-type]  # a class of ours, or a name
                loop="none",
                lifespan="off",
                ws="none",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # seconds
                h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
            )
        )

    async def begin(self, listener: socket.socket) -> None:
        """Listen."""
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets=[listener])

    async def serve_until(self, stop: asyncio.Event, on_tick: Callable[[], None]) -> None:
        """Serve until `stop` is set, and call `on_tick` once a second."""
        while not stop.is_set():
            # This keeps the Date header right, which uvicorn's own loop does ten times as often.
            await super().on_tick(0)
            on_tick()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await stop.wait()


def _protocol() -> object:
    """Return uvicorn's fast HTTP parser with a bound on headers, or its portable one."""
    if importlib.util.find_spec("httptools") is None:
        return "h11"
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class BoundedProtocol(HttpToolsProtocol):
        """Refuses a request whose headers are too long, and says so as the contract does."""

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.header_bytes = 0

        def on_url(self, url: bytes) -> None:
            self._count(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count(len(name) + len(value) + 4)
            super().on_header(name, value)

        def _count(self, size: int) -> None:
            self.header_bytes += size
            if self.header_bytes > _MAX_HEADER_BYTES:
                raise ValueError("too many header bytes")

        def send_400_response(self, msg: str) -> None:
            correlation_id = secrets.token_hex(8)
            problem = MalformedRequest(
                "this is not an HTTP request that the gateway can read",
                hint=f"Its line and header fields may have {_MAX_HEADER_BYTES} bytes in all.",
            )
            body = msgspec.json.encode(problem.document(correlation_id))
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\n"
                b"content-type: application/problem+json\r\n"
                b"content-length: %d\r\n"
                b"flowkit-correlation-id: %b\r\n"
                b"connection: close\r\n"
                b"\r\n%b" % (len(body), correlation_id.encode(), body)
            )
            self.transport.close()

    return BoundedProtocol
