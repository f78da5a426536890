"""uvicorn, driven by the gateway instead of by its own command."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from uvicorn.config import Config
from uvicorn.server import Server

from flowkit_gateway.call import Message, Receive, Send

_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep a connection, so that it is them who close it (RFC 9112, 9.5)."""
_GRACE_SECONDS = 0.5


class Limits(NamedTuple):
    """What a client may take of the server before it has asked for anything that is valid."""

    header_bytes: int = 65_536
    """Most bytes of a request line with its header fields."""
    unread_bytes: int = 64 * 1024 * 1024
    """Most bytes of a body that are taken, and thrown away, after the request was answered."""
    head_seconds: float = 30.0
    """Longest time from a connection, or the first byte of a request, to its last header field."""
    body_seconds: float = 300.0
    """Longest time from there to the end of the body, or to its next `body_bytes`."""
    body_bytes: int = 1024 * 1024
    """Least bytes of a longer body that have to arrive in that time."""
    idle_connections: int = 256
    """Most connections on which nothing is being answered; beyond, the longest idle is closed."""


class HTTPServer(Server):
    """Serves one application on one socket.

    Args:
        app: the ASGI application.
        limits: bounds of each request; the usual ones unless given.
    """

    def __init__(
        self, app: Callable[[Message, Receive, Send], object], limits: Limits | None = None
    ) -> None:
        # Each connection is an open file; most of those are for who is being answered, and tasks.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        limits = limits or Limits(idle_connections=files // 4)
        super().__init__(
            Config(
                app,
                http=_protocol(limits),  # type: ignore[arg-type]  # a class of ours, or a name
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
                h11_max_incomplete_event_size=limits.header_bytes,
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


def _protocol(limits: Limits) -> object:
    """Return uvicorn's fast HTTP parser with bounds, or its portable one."""
    if importlib.util.find_spec("httptools") is None:
        return "h11"
    from flowkit_gateway.http_protocol import BoundedProtocol

    return partial(BoundedProtocol, limits=limits, idle={})
