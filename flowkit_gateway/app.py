"""The gateway as an ASGI application: from a request to a handler and back.

The contract decides everything that is decided here, so there is one entry instead of a stack
of routes and middleware: each call pays for the checks that it needs and for nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from flowkit_gateway import strict_json
from flowkit_gateway.call import (
    Answer,
    Call,
    ClientGone,
    ContentGone,
    Download,
    Gateway,
    Message,
    Receive,
    Send,
    Stream,
)
from flowkit_gateway.contract import Contract, Operation, invalid
from flowkit_gateway.problems import (
    Detail,
    HostNotAllowed,
    InternalError,
    MalformedRequest,
    PayloadTooLarge,
    Problem,
    UnsupportedMediaType,
)

if TYPE_CHECKING:
    from flowkit_gateway.principal import KeyRing

KEEP_ALIVE_SECONDS = 15.0
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_CORRELATION_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_PORT = re.compile(rb":[0-9]*\Z")
# Header fields of which a second one would leave open which of them counts.
_SINGLE_FIELDS = (
    b"host",
    b"authorization",
    b"content-type",
    b"flowkit-project",
    b"flowkit-correlation-id",
    b"idempotency-key",
    b"last-event-id",
)
_NO_STORE = (b"cache-control", b"no-store")
_JSON = (b"content-type", b"application/json")
_PROBLEM_JSON = (b"content-type", b"application/problem+json")
_EVENT_STREAM = (
    (b"content-type", b"text/event-stream"),
    _NO_STORE,
    # A proxy that buffers would hold events back (nginx's ngx_http_proxy_module).
    (b"x-accel-buffering", b"no"),
)

Handler = Callable[[Call], Awaitable[Answer | Stream | Download]]
logger = logging.getLogger("flowkit_gateway")
_encode = msgspec.json.Encoder().encode


class App:
    """The application.

    Args:
        gateway: what handlers work with.
        contract: what is served.
        keys: whom it is served to; may be replaced while the application runs.
        allowed_hosts: names that the gateway is reached by, beyond those of this machine.
        access_log: log each call.
        check_answers: check each answer against the contract, for tests.
    """

    def __init__(
        self,
        gateway: Gateway,
        contract: Contract,
        keys: KeyRing,
        *,
        allowed_hosts: Iterable[str] = (),
        access_log: bool = False,
        check_answers: bool = False,
    ) -> None:
        self.keys = keys
        self.calls = 0
        """Calls that are being answered now."""
        self.last_call = time.monotonic()
        self._gateway = gateway
        self._contract = contract
        self._handlers = {
            operation.id: _handler(operation) for operation in contract.operations.values()
        }
        self._hosts = {host.lower().encode() for host in (*_LOOPBACK_HOSTS, *allowed_hosts)}
        self._access_log = access_log
        self._check_answers = check_answers

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            raise RuntimeError(f"this application does not speak {scope['type']}")
        self.calls += 1
        started = time.monotonic()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        correlation_id = _correlation_id(headers)
        watched = _WatchedSend(send)
        try:
            await self._answer(scope, headers, correlation_id, receive, watched)
        except ClientGone:
            watched.status = 499  # as web servers log a client that closed its request
        except ContentGone:
            logger.warning("%s was cut short", correlation_id)
        except Problem as problem:
            await self._refuse(problem, correlation_id, watched)
        except Exception as error:  # the one place that answers for mistakes
            logger.error("%s failed", correlation_id, exc_info=error)
            if watched.status:
                raise
            mistake = InternalError(
                "the gateway made a mistake", hint=f"Its log has more under {correlation_id}."
            )
            await self._refuse(mistake, correlation_id, watched)
        finally:
            self.calls -= 1
            self.last_call = time.monotonic()
            if self._access_log:
                taken = (self.last_call - started) * 1000
                # As it was sent, percent-encoded: decoded it could forge lines.
                path = scope["raw_path"].decode("ascii", "backslashreplace")
                line = (scope["method"], path, watched.status, taken, correlation_id)
                logger.info("%s %s %d %.1f ms %s", *line)

    async def _answer(
        self,
        scope: Message,
        headers: dict[bytes, bytes],
        correlation_id: str,
        receive: Receive,
        send: Send,
    ) -> None:
        if len(headers) != len(scope["headers"]):
            _refuse_repeated_fields(scope["headers"])
        self._check_host(headers.get(b"host"))
        principal = self.keys.authenticate(
            headers.get(b"authorization"), headers.get(b"flowkit-project")
        )
        method: str = scope["method"]
        if method == "OPTIONS":
            allow = self._contract.allow(scope["path"]).encode()
            answer = Answer(204, headers=((b"allow", allow),))
            await self._send(answer, correlation_id, send)
            return
        operation, values = self._contract.find(method, scope["path"])
        path = operation.check_path(values) if values else {}
        query: dict[str, object] = {}
        details: list[Detail] = []
        if scope["query_string"]:
            query, details = operation.check_query(scope["query_string"])
        parameters: dict[str, object] = {}
        if operation.headers:
            parameters, more = operation.check_headers(headers)
            details += more
        body = None
        if operation.takes_bytes:
            _check_media_type(headers, b"application/octet-stream", "bytes")
        elif operation.has_body:
            body = await self._read_body(headers, receive)
            details += operation.body.check(body)
        elif headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            raise MalformedRequest("this operation takes no body")
        if details:
            raise invalid(details)
        call = Call(
            self._gateway,
            operation,
            principal,
            correlation_id,
            path,
            query,
            parameters,
            body,
            receive,
        )
        result = await self._handlers[operation.id](call)
        if isinstance(result, Stream):
            await self._send_stream(result, call, send, method)
        elif isinstance(result, Download):
            await self._send_download(result, call, send, method)
        else:
            if self._check_answers:
                _check(operation, result)
            await self._send(result, correlation_id, send)

    def _check_host(self, host: bytes | None) -> None:
        # A web page can make its own name point here (DNS rebinding) and so have a browser call
        # the gateway as if it were the page's own server; the Host header gives that away.
        name = _PORT.sub(b"", host or b"").lower()
        if name not in self._hosts:
            raise HostNotAllowed(
                "this gateway is not served under the name in the Host header",
                hint="Use its address, or start it with --allowed-host NAME.",
            )

    async def _read_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> object:
        limit = self._gateway.max_body_bytes
        length = headers.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        _check_media_type(headers, b"application/json", "JSON")
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
            more = message.get("more_body", False)
        if not size:
            raise MalformedRequest("the request has no body", hint="Send one JSON document.")
        return strict_json.loads(chunks[0] if len(chunks) == 1 else b"".join(chunks))

    async def _refuse(self, problem: Problem, correlation_id: str, send: _WatchedSend) -> None:
        if send.status:
            raise RuntimeError(f"{correlation_id} failed within its answer") from problem
        if problem.status >= 500:
            logger.error("%s %s: %s", correlation_id, problem.code, problem.detail)
        headers = [(name.encode(), value.encode()) for name, value in problem.headers().items()]
        body = _encode(problem.document(correlation_id))
        await _send_answer(
            send, problem.status, [_PROBLEM_JSON, _NO_STORE, *headers], correlation_id, body
        )

    async def _send(self, answer: Answer, correlation_id: str, send: Send) -> None:
        body = answer.body
        if body is None:
            if answer.document is None:
                await _send_answer(
                    send, answer.status, [_NO_STORE, *answer.headers], correlation_id, b""
                )
                return
            body = _encode(answer.document)
        await _send_answer(
            send, answer.status, [_JSON, _NO_STORE, *answer.headers], correlation_id, body
        )

    async def _send_stream(self, stream: Stream, call: Call, send: Send, method: str) -> None:
        headers = [*_EVENT_STREAM, (b"flowkit-correlation-id", call.correlation_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            if method != "HEAD":
                await call.hold(_send_events(stream, send))
        finally:
            await stream.events.aclose()
        await send({"type": "http.response.body", "body": b""})

    async def _send_download(self, download: Download, call: Call, send: Send, method: str) -> None:
        headers = [
            (b"content-type", b"application/octet-stream"),
            _NO_STORE,
            *download.headers,
            (b"content-length", b"%d" % download.size),
            (b"flowkit-correlation-id", call.correlation_id.encode()),
        ]
        try:
            await send(
                {"type": "http.response.start", "status": download.status, "headers": headers}
            )
            if method != "HEAD":
                await call.hold(_send_parts(download, send))
            await send({"type": "http.response.body", "body": b""})
        finally:
            await download.parts.aclose()


class _WatchedSend:
    """ASGI's `send`, knowing the status that it sent."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    def __call__(self, message: Message) -> Awaitable[None]:
        if not self.status:
            self.status = message["status"]
        return self._send(message)


async def _send_answer(
    send: Send,
    status: int,
    headers: list[tuple[bytes, bytes]],
    correlation_id: str,
    body: bytes,
) -> None:
    headers.append((b"flowkit-correlation-id", correlation_id.encode()))
    if status != 204:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_parts(download: Download, send: Send) -> None:
    async for part in download.parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _send_events(stream: Stream, send: Send) -> None:
    keep_alive = asyncio.ensure_future(_keep_alive(send))
    try:
        async for event in stream.events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
    finally:
        keep_alive.cancel()


async def _keep_alive(send: Send) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_SECONDS)
        await send({"type": "http.response.body", "body": b": keep-alive\n\n", "more_body": True})


def _handler(operation: Operation) -> Handler:
    module = import_module(f"flowkit_gateway.handlers.{operation.tag}")
    handler: Handler = getattr(module, operation.id)
    return handler


def _correlation_id(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"flowkit-correlation-id")
    if given is not None and _CORRELATION_ID.fullmatch(given):
        return given.decode()
    return secrets.token_hex(8)


def _refuse_repeated_fields(fields: Iterable[tuple[bytes, bytes]]) -> None:
    seen = set()
    for name, _ in fields:
        if name in seen and name in _SINGLE_FIELDS:
            raise MalformedRequest(f"the header {name.decode()} is given twice")
        seen.add(name)


def _check_media_type(headers: Mapping[bytes, bytes], wanted: bytes, kind: str) -> None:
    content_type = headers.get(b"content-type", b"")
    if content_type.partition(b";")[0].strip().lower() != wanted:
        raise UnsupportedMediaType(
            f"the body must be {kind}",
            hint=f"Send the header `Content-Type: {wanted.decode()}`.",
        )


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"the body is larger than {limit} bytes",
        hint="Send fewer tasks at once, or put large data into files.",
    )


def _check(operation: Operation, answer: Answer) -> None:
    body = answer.body if answer.body is not None else _encode(answer.document)
    if answer.status != 204:
        operation.check_answer(answer.status, msgspec.json.decode(body))
