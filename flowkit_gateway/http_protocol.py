"""uvicorn's HTTP parser, with bounds on what a client may send and how long it may take."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from flowkit_gateway.problems import MalformedRequest

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from flowkit_gateway.http_server import Limits


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Besides the bounds it keeps two promises that uvicorn does not: what cannot be read takes no
    answer away from the requests before it, and whoever serves a request learns that its client
    has gone though the client had sent further requests.

    Args:
        limits: bounds of each request.
        idle: the server's connections on which nothing is being answered, longest idle first.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        idle: dict[BoundedProtocol, None],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._idle = idle
        self._header_bytes = self._unread_bytes = self._body_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._served: RequestResponseCycle | None = None
        """The request that is being answered, or was last."""
        self._unreadable = False
        """What follows the requests so far cannot be read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._give(self._limits.head_seconds)
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._give(None)
        self._idle.pop(self, None)
        for cycle in self._unanswered():
            _disconnect(cycle)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Line ends between requests begin none, but have ended the time for an idle connection.
        if self._deadline is None and not self._unanswered() and not self.transport.is_closing():
            self._give(self._limits.head_seconds)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = self._unread_bytes = 0
        self._give(self._limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._give_body_time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            # Closing at once would make the client's machine throw the answer away while it still
            # sends (RFC 9112, 9.6); reading on for ever would serve nobody.
            self._unread_bytes += len(body)
            if self._unread_bytes > self._limits.unread_bytes:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._give(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.expect_100_continue and self.cycle.more_body:
            # Nobody knows whether the body that was announced still comes (RFC 9110, 10.1.1).
            self.transport.close()
        if self._unanswered() or self.transport.is_closing():
            return
        if self._unreadable:
            self._refuse()
        else:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read, once everything before it is answered."""
        broken = cast("RequestResponseCycle | None", self.cycle)
        if broken is not None and broken.more_body:
            # It is this request's own body that cannot be read.
            self.pipeline = deque(entry for entry in self.pipeline if entry[0] is not broken)
            _disconnect(broken)
        self._give(None)
        self._unreadable = True
        if not self._unanswered():
            self._refuse()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._served = cycle
        self._idle.pop(self, None)
        super()._start_asgi_task(cycle, app)

    def _rest(self) -> None:
        """Count this connection as idle, and close another one where they are too many.

        Whoever has no key can open as many as they like; those who have one send their request at
        once, and are gone from among the idle ones before others push them out.
        """
        self._idle[self] = None
        if len(self._idle) > self._limits.idle_connections:
            longest = next(iter(self._idle))
            del self._idle[longest]
            longest.transport.close()

    def _unanswered(self) -> list[RequestResponseCycle]:
        """Return the requests whose clients wait for an answer."""
        waiting = [cycle for cycle, _ in self.pipeline]
        served = self._served
        if served is not None and not (served.response_complete or served.disconnected):
            waiting.append(served)
        return waiting

    def _give(self, seconds: float | None) -> None:
        """Close the connection after so long; None for never."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = (
            None if seconds is None else self.loop.call_later(seconds, self.transport.close)
        )

    def _give_body_time(self) -> None:
        """Close the connection after the time for a piece of a body, unless the piece is there.

        A large file on a slow line takes as long as it takes; who sends a byte now and then only
        keeps a connection from others.
        """
        self._body_bytes = 0
        self._give(None)
        self._deadline = self.loop.call_later(self._limits.body_seconds, self._end_body_time)

    def _end_body_time(self) -> None:
        # While reading is paused it is the gateway that is slow.
        if self.flow.read_paused or self._body_bytes >= self._limits.body_bytes:
            self._give_body_time()
        else:
            self.transport.close()

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._limits.header_bytes:
            raise ValueError("too many header bytes")

    def _refuse(self) -> None:
        correlation_id = secrets.token_hex(8)
        problem = MalformedRequest(
            "this is not an HTTP request that the gateway can read",
            hint=f"Its line and header fields may have {self._limits.header_bytes} bytes in all.",
        )
        body = msgspec.json.encode(problem.document(correlation_id))
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\n"
            b"content-type: application/problem+json\r\n"
            b"cache-control: no-store\r\n"
            b"content-length: %d\r\n"
            b"flowkit-correlation-id: %b\r\n"
            b"connection: close\r\n"
            b"\r\n%b" % (len(body), correlation_id.encode(), body)
        )
        self.transport.close()


def _disconnect(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.message_event.set()
