# Written by `make regen` from flowkit/transport/_async/transport.py: edit that file.
"""Sends requests, through every fault that another try can mend."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
from flowkit_api.errors import InvalidBody
from flowkit_api.types import Reply, Request

from flowkit.errors import (
    APIConnectionError,
    FlowError,
    InvalidResponse,
    NotFound,
    Unauthenticated,
    error_from_response,
)
from flowkit.transport import operations
from flowkit.transport._sync.bodies import chunks, content
from flowkit.transport.clients import Link, Scope, client_options, setting_up
from flowkit.transport.endpoint import Endpoint, Gateway
from flowkit.transport.failures import FAILURES, NEVER_SENT, failure
from flowkit.transport.operations import is_streamed
from flowkit.transport.repeats import is_gone, is_in_time, may_repeat
from flowkit.transport.retries import DEFAULT_TIMEOUT, RetryPolicy
from flowkit.transport.sse import EventParser, EventTooLarge, ServerSentEvent

T = TypeVar("T")

_MOST_RELOCATIONS = 3


class Transport:
    """A client for the generated calls that retries, signs in and speaks flowkit's errors.

    Args:
        gateway: Knows where to connect to.
        policy: How often a failed call is made again.
        timeout: Seconds that the gateway may take to answer a short call.
        connect: Makes the httpx transport of each client, in place of the network.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        policy: RetryPolicy | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        connect: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        self._gateway = gateway
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._connect = connect
        self._link: Link | None = None
        self._clients: dict[bool, httpx.Client] = {}
        self._scope: object = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def policy(self) -> RetryPolicy:
        """How often a failed call is made again."""
        return self._policy

    def call(
        self,
        request: Request,
        parse: Callable[[Reply], T],
        *,
        deadline: float | None = None,
        is_under_way: bool = False,
    ) -> T:
        """Return a successful answer, read.

        A body in parts is sent once: who makes it knows what to do about a failure.

        Args:
            request: What an operation's `request` made.
            parse: The operation's `parse`.
            deadline: When the caller has no use for an answer any more, by `time.monotonic`.
            is_under_way: The call goes on with what the ones before it have begun, so that an
                outage of the gateway is waited out.

        Raises:
            InvalidResponse: the answer is not what the contract says.
            FlowError: there was no success, for the reason that its class and code give.
        """
        prepared = operations.prepare(request)

        def attempt(link: Link, is_uncertain: bool) -> T:
            reply = self._reply(link, prepared, deadline)
            try:
                return parse(reply)
            except InvalidBody as error:
                raise InvalidResponse(
                    f"the gateway's answer to {request.operation} cannot be read: {error}",
                    status=reply.status,
                    correlation_id=reply.headers.get("Flowkit-Correlation-Id"),
                    hint="is this a flowkit gateway, and of this release?",
                ) from error

        return self._until_done(prepared, attempt, deadline=deadline, is_under_way=is_under_way)

    def send(self, request: Request) -> Reply:
        """Return a successful answer.

        Raises:
            FlowError: there was none, for the reason that its class and code give.
        """
        prepared = operations.prepare(request)

        def attempt(link: Link, is_uncertain: bool) -> Reply:
            try:
                return self._reply(link, prepared)
            except NotFound as error:
                if is_uncertain and is_gone(prepared, error):
                    return Reply(204, {}, b"")
                raise

        return self._until_done(prepared, attempt)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Open a successful answer whose body is read as it comes.

        Raises:
            FlowError: there was none, or its body broke off.
        """
        link, response = self._opened(operations.prepare(request))
        try:
            yield chunks(link, response)
        finally:
            response.close()

    def events(
        self, request: Request, *, is_last: Callable[[ServerSentEvent], bool]
    ) -> Iterator[ServerSentEvent]:
        """Yield the events of a stream, each once, however often the connection breaks.

        Args:
            request: Opens the stream; `Last-Event-ID` is added to it when it is resumed.
            is_last: Whether an event is the one after which the stream is over. A stream that
                ends before it has been cut.

        Raises:
            FlowError: the stream could not be opened, or brought nothing new however often it
                was resumed.
        """
        failures, resume_from = 0, ""
        alive_at: float | None = None
        while True:
            parser = EventParser()
            headers = {"Last-Event-ID": resume_from} if resume_from else {}
            call = operations.prepare(request._replace(headers={**request.headers, **headers}))
            link, response = self._opened(call, is_under_way=alive_at is not None)
            # To be open is to be under way: there may be nothing to say for long.
            alive_at = time.monotonic() if alive_at is None else alive_at
            cut: FlowError = APIConnectionError("the gateway ended the stream before its end")
            try:
                for chunk in chunks(link, response):
                    for event in parser.feed(chunk):
                        resume_from = event.id or resume_from
                        yield event
                        if is_last(event):
                            return
            except EventTooLarge as error:
                raise InvalidResponse(f"the gateway's stream cannot be read: {error}") from error
            except APIConnectionError as error:
                cut = error
            finally:
                response.close()
            resume_from = parser.last_event_id or resume_from
            failures += 1
            if parser.blocks:
                failures, alive_at = 0, time.monotonic()
            delay = self._policy.delay(
                max(0, failures - 1), parser.retry, outage=time.monotonic() - alive_at
            )
            if delay is None:
                raise cut
            time.sleep(delay)

    def download(self, request: Request) -> Iterator[bytes]:
        """Yield the bytes of a file, each once, however often the connection breaks.

        Source: ranges and preconditions by RFC 9110, 13.1.1 and 14.

        Args:
            request: Opens the file; `Range` and `If-Match` are added to it when it is resumed.

        Raises:
            FileChanged: it changed meanwhile; what has been yielded is of the one before.
            FlowError: it could not be opened, or brought nothing new however often it was
                resumed.
        """
        failures, received = 0, 0
        alive_at: float | None = None
        headers = dict(request.headers)
        while True:
            call = operations.prepare(request._replace(headers=headers))
            link, response = self._opened(call, is_under_way=alive_at is not None)
            alive_at = time.monotonic() if alive_at is None else alive_at
            began_at = received
            try:
                if received and response.status_code != 206:
                    raise InvalidResponse("the gateway does not go on where a download broke off")
                for chunk in chunks(link, response):
                    received += len(chunk)
                    yield chunk
                return
            except APIConnectionError as error:
                cut = error
            finally:
                response.close()
            if not (etag := headers.get("If-Match") or response.headers.get("ETag")):
                raise cut
            headers |= {"Range": f"bytes={received}-", "If-Match": etag}
            failures += 1
            if received > began_at:
                failures, alive_at = 0, time.monotonic()
            delay = self._policy.delay(max(0, failures - 1), outage=time.monotonic() - alive_at)
            if delay is None:
                raise cut
            time.sleep(delay)

    def refuse(self) -> None:
        """Refuse every call from now on."""
        self._closed = True

    def close(self) -> None:
        """Close all connections; calling it again does nothing."""
        self.refuse()
        with self._lock:
            clients, self._clients = self._clients, {}
            usable = bool(clients) and self._scope == Scope.current()
        if usable:
            for client in clients.values():
                client.close()

    def _opened(
        self, request: Request, *, is_under_way: bool = False
    ) -> tuple[Link, httpx.Response]:
        def attempt(link: Link, is_uncertain: bool) -> tuple[Link, httpx.Response]:
            return link, self._open(link, request, stream=True)

        return self._until_done(request, attempt, is_under_way=is_under_way)

    def _until_done(
        self,
        request: Request,
        attempt: Callable[[Link, bool], T],
        *,
        deadline: float | None = None,
        is_under_way: bool = False,
    ) -> T:
        """Return what the first attempt that succeeds returns.

        Args:
            request: What is attempted.
            attempt: Called with the gateway, and whether an attempt before may have succeeded.
            deadline: When to give up, if it is not before.
            is_under_way: Wait out an outage.
        """
        failures = relocations = 0
        uncertain = False
        broken_at: float | None = None
        while True:
            link = self._locate()
            never_sent = may_have_moved = False
            try:
                return attempt(link, uncertain)
            except FlowError as cause:
                error = cause
                # The port may be another gateway's by now, which does not know this one's key.
                may_have_moved = isinstance(error, Unauthenticated) and not is_streamed(request)
            except FAILURES as cause:
                never_sent = isinstance(cause, NEVER_SENT)
                may_have_moved = isinstance(cause, httpx.ConnectError)
                error = failure(cause, link.endpoint)
            except RuntimeError as cause:  # what httpx says when another thread closed this
                raise (_closed() if self._closed else cause) from cause
            uncertain = uncertain or not never_sent
            if may_have_moved and relocations < _MOST_RELOCATIONS and self._relocate(link):
                relocations += 1
                continue
            if not (never_sent or may_repeat(request, error)):
                raise error
            now = time.monotonic()
            broken_at = now if broken_at is None else broken_at
            if operations.is_held(request) and not never_sent and error.status is None:
                is_under_way = True  # the connection was there, and broke while the call waited
            outage = now - broken_at if is_under_way else None
            delay = self._policy.delay(failures, error.retry_after, outage=outage)
            if delay is None or not is_in_time(now, delay, deadline, error):
                raise error
            if deadline is not None:
                delay = min(delay, deadline - now)
            failures += 1
            time.sleep(delay)

    def _reply(self, link: Link, request: Request, deadline: float | None = None) -> Reply:
        """Return the answer of one try, read to its end."""
        response = self._open(link, request, stream=False, deadline=deadline)
        patience = operations.read_timeout(request, self._timeout, deadline=deadline)
        body = content(response, patience, deadline)
        return Reply(response.status_code, response.headers, body)

    def _open(
        self, link: Link, request: Request, *, stream: bool, deadline: float | None = None
    ) -> httpx.Response:
        """Return a successful answer of which nothing has been read yet."""
        client = self._client(link.endpoint, held=stream or operations.is_held(request))
        seconds = operations.read_timeout(request, self._timeout, stream=stream, deadline=deadline)
        response = client.send(link.build(request, read_timeout=seconds), stream=True)
        if not operations.is_answered_by(request, response.headers):
            # What has not been read to its end takes the connection with it.
            response.close()
            raise httpx.RemoteProtocolError("the answer to another call came")
        if response.is_success:
            if stream and not operations.is_stream(request, response.headers):
                response.close()
                raise InvalidResponse(
                    f"the gateway's answer to {request.operation} is not of the type asked for",
                    status=response.status_code,
                    hint="is this a flowkit gateway? check the API URL and proxies on the way",
                )
            return response
        body = content(response, seconds, deadline)
        raise error_from_response(response.status_code, response.headers, body)

    def _client(self, endpoint: Endpoint, *, held: bool) -> httpx.Client:
        scope = Scope.current()
        with self._lock:
            if self._closed:
                raise _closed()
            if self._scope != scope:
                Scope.leave(self._clients.values())
                self._scope, self._clients = scope, {}
            client = self._clients.get(held)
            if client is None:
                with setting_up():
                    client = self._clients[held] = httpx.Client(
                        **client_options(endpoint, held=held),
                        transport=self._connect() if self._connect else None,
                    )
        return client

    def _locate(self) -> Link:
        if self._closed:
            raise _closed()
        link = self._link
        if link is None:
            link = self._link = Link(self._gateway.locate())
        return link

    def _relocate(self, failed: Link) -> bool:
        if self._link is failed:
            endpoint = self._gateway.relocate(failed.endpoint)
            if endpoint is None:
                return False
            self._link = Link(endpoint)
        return True


def _closed() -> FlowError:
    return FlowError("this Flow is closed", hint="make another one", code="closed")
