"""Every exception that leaves flowkit, and the one place where an HTTP answer becomes one.

    FlowError
    ├─ ConfigError (ValueError)                 a profile, setting or environment variable is wrong
    ├─ GatewayStartError (RuntimeError)         the embedded gateway could not be started
    ├─ APIConnectionError (ConnectionError)     the gateway could not be reached
    │  └─ APITimeout (TimeoutError)             it did not answer in time
    ├─ WaitTimeout (TimeoutError)               a wait ended before the task got there
    ├─ InvalidResponse                          an answer that does not parse
    ├─ InvalidRequest (ValueError)              400, 422
    │  ├─ InvalidGPURequest                     a `gpu=` that cannot be read
    │  ├─ InvalidTaskConfig                     an unknown field, a bad unit, bad YAML
    │  ├─ MalformedRequest                      400: not JSON, a bad header
    │  ├─ NoCapacity                            can never be placed here
    │  ├─ UnsupportedByEngine (NotImplementedError)
    │  ├─ InvalidSweep                          no such parameter, values or combination
    │  ├─ InvalidPath                           leaves its tree, or no file can have it
    │  ├─ InvalidMount                          its source is not there, or its target cannot be
    │  └─ ChecksumMismatch                      what arrived is not what was sent
    ├─ Unauthenticated (PermissionError)        401
    ├─ PermissionDenied (PermissionError)       403
    ├─ NotFound (LookupError)                   404
    │  ├─ TaskNotFound
    │  ├─ VolumeNotFound
    │  ├─ FileNotFound (FileNotFoundError)
    │  ├─ SnapshotNotFound
    │  ├─ SecretNotFound
    │  ├─ SweepNotFound
    │  └─ ReservationNotFound
    ├─ MethodNotAllowed                         405
    ├─ Conflict                                 409, 412
    │  ├─ IdempotencyConflict
    │  ├─ TaskNotTerminal
    │  ├─ TaskNotPending
    │  ├─ AlreadyExists (FileExistsError)
    │  ├─ VolumeInUse
    │  ├─ OffsetConflict
    │  ├─ SnapshotIncomplete
    │  └─ FileChanged
    ├─ PayloadTooLarge                          413
    ├─ UnsupportedMediaType                     415
    ├─ RangeNotSatisfiable                      416
    ├─ HostNotAllowed                           421
    ├─ RateLimited                              429
    └─ ServerError                              5xx
       ├─ Unavailable                           502, 503, 504
       └─ StorageFull (OSError)                 507
          └─ QuotaExceeded

Catch the built-in in parentheses where the caller need not know flowkit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class ErrorDetail(NamedTuple):
    """One thing that is wrong: where (a JSON pointer, RFC 6901), what, and what to do."""

    loc: str
    msg: str
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.loc}: " if self.loc else ""
        return f"{where}{self.msg}" + (f" ({self.hint})" if self.hint else "")


class FlowError(Exception):
    """The root of all errors of flowkit.

    Args:
        message: What went wrong, in one line.
        code: Stable name of the kind of error; the class has one of its own.
        status: HTTP status of the answer, None when there was no answer.
        correlation_id: Names the call in the gateway's log.
        details: What is wrong with each field of the request.
        hint: What to do about it.
        retry_after: Seconds after which a retry may succeed.

    Example:
        >>> error = FlowError("the disk is full", hint="delete old tasks")
        >>> print(error)
        the disk is full
        hint: delete old tasks
        >>> error.code
        'flow_error'
    """

    code: str = "flow_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        correlation_id: str | None = None,
        details: Iterable[ErrorDetail] = (),
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        # What others wrote, as a file's name or a server's answer, adds no line to a message.
        message = one_line(message)
        # One positional argument: two would make OSError, a base of some, take them for errno.
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status
        self.correlation_id = correlation_id
        self.details = tuple(details)
        self.hint = None if hint is None else one_line(hint)
        self.retry_after = retry_after

    def __str__(self) -> str:
        text = self.message
        # A caller's mistake is clear without it; a fault of the server needs its log.
        if self.correlation_id and self.status is not None and self.status >= 500:
            text += f" (correlation id {one_line(self.correlation_id)})"
        others = (detail for detail in self.details if detail.msg not in text)
        lines = [text, *(f"  {one_line(str(detail))}" for detail in others)]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"


def one_line(text: str) -> str:
    r"""Return text with everything escaped that would not show, or end the line.

    Example:
        >>> print(one_line("two\nlines"))
        two\nlines
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class ConfigError(FlowError, ValueError):
    """A profile, a setting or an environment variable is wrong."""

    code = "config_error"


class GatewayStartError(FlowError, RuntimeError):
    """The embedded gateway could not be started."""

    code = "gateway_start_failed"


class APIConnectionError(FlowError, ConnectionError):
    """The gateway could not be reached, or the connection broke."""

    code = "connection_error"


class APITimeout(APIConnectionError, TimeoutError):
    """The gateway did not answer in time."""

    code = "request_timeout"


class WaitTimeout(FlowError, TimeoutError):
    """A wait ended before the task got there. The task goes on: nothing was cancelled.

    Attributes:
        task: The task as last seen, or None.
    """

    code = "wait_timeout"
    task: object | None = None


class InvalidResponse(FlowError):
    """The gateway's answer does not parse."""

    code = "invalid_response"


class InvalidRequest(FlowError, ValueError):
    """The request is wrong (400, 422): sending it again will not help."""

    code = "invalid_request"


class InvalidGPURequest(InvalidRequest):
    """A GPU request that cannot be read."""

    code = "invalid_gpu_request"


class InvalidTaskConfig(InvalidRequest):
    """A task's specification is wrong: an unknown field, a bad unit, bad YAML."""

    code = "invalid_task_config"


class MalformedRequest(InvalidRequest):
    """The request cannot be read at all (400): not JSON, or a bad header."""

    code = "malformed_request"


class NoCapacity(InvalidRequest):
    """The request can never be placed here; the message lists what exists."""

    code = "no_capacity"


class UnsupportedByEngine(InvalidRequest, NotImplementedError):
    """The engine cannot do what the request asks for."""

    code = "unsupported_by_engine"


class InvalidSweep(InvalidRequest):
    """A sweep's parameters, their values or their combination cannot be."""

    code = "invalid_sweep"


class InvalidPath(InvalidRequest):
    """The path leaves its tree, or no file can have it."""

    code = "invalid_path"


class InvalidMount(InvalidRequest):
    """A mount's source is not there, or its target cannot be."""

    code = "invalid_mount"


class ChecksumMismatch(InvalidRequest):
    """What arrived is not what was sent; nothing was changed."""

    code = "checksum_mismatch"


class Unauthenticated(FlowError, PermissionError):
    """No API key, or not a valid one (401)."""

    code = "unauthenticated"


class PermissionDenied(FlowError, PermissionError):
    """The key is valid but does not allow this (403)."""

    code = "permission_denied"


class NotFound(FlowError, LookupError):
    """There is no such thing (404)."""

    code = "not_found"


class TaskNotFound(NotFound):
    """There is no such task in this project (404)."""

    code = "task_not_found"


class VolumeNotFound(NotFound):
    """There is no such volume, or it is not shared with the caller (404)."""

    code = "volume_not_found"


class FileNotFound(NotFound, FileNotFoundError):
    """There is no such file (404)."""

    code = "file_not_found"


class SnapshotNotFound(NotFound):
    """There is no such snapshot in this project (404)."""

    code = "snapshot_not_found"


class SecretNotFound(NotFound):
    """There is no such secret in this project (404)."""

    code = "secret_not_found"


class SweepNotFound(NotFound):
    """There is no such sweep in this project (404)."""

    code = "sweep_not_found"


class ReservationNotFound(NotFound):
    """There is no such reservation in this project (404)."""

    code = "reservation_not_found"


class MethodNotAllowed(FlowError):
    """The path exists, but not with this method (405)."""

    code = "method_not_allowed"


class Conflict(FlowError):
    """The request contradicts the present state (409)."""

    code = "conflict"


class IdempotencyConflict(Conflict):
    """The same idempotency key was used with another request (409)."""

    code = "idempotency_conflict"


class TaskNotTerminal(Conflict):
    """The task has not ended yet (409)."""

    code = "task_not_terminal"


class TaskNotPending(Conflict):
    """The task has started already (409)."""

    code = "task_not_pending"


class AlreadyExists(Conflict, FileExistsError):
    """Something of that name is there already (409)."""

    code = "already_exists"


class VolumeInUse(Conflict):
    """Tasks that have not ended are to use the volume (409)."""

    code = "volume_in_use"


class OffsetConflict(Conflict):
    """More or less of an upload has arrived than was assumed (409)."""

    code = "offset_conflict"


class SnapshotIncomplete(Conflict):
    """The gateway lacks contents of the snapshot (409)."""

    code = "snapshot_incomplete"


class FileChanged(Conflict):
    """The file is not the one any more that the request was for (412)."""

    code = "file_changed"


class PayloadTooLarge(FlowError):
    """The request's body is too large (413)."""

    code = "payload_too_large"


class UnsupportedMediaType(FlowError):
    """The request's content type is not one that the operation takes (415)."""

    code = "unsupported_media_type"


class RangeNotSatisfiable(FlowError):
    """The file has no such bytes (416)."""

    code = "range_not_satisfiable"


class HostNotAllowed(FlowError):
    """The gateway does not answer to this host name (421)."""

    code = "host_not_allowed"


class RateLimited(FlowError):
    """Too many requests (429): `retry_after` says when to come back."""

    code = "rate_limited"


class ServerError(FlowError):
    """The gateway failed (5xx)."""

    code = "internal_error"


class Unavailable(ServerError):
    """The gateway, or a proxy before it, cannot serve now (502, 503, 504)."""

    code = "unavailable"


class StorageFull(ServerError, OSError):
    """The gateway's storage is full (507)."""

    code = "storage_full"


class QuotaExceeded(StorageFull):
    """The volume's size does not allow for it (507)."""

    code = "quota_exceeded"


_CLASS_BY_STATUS: dict[int, type[FlowError]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    405: MethodNotAllowed,
    408: APITimeout,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    416: RangeNotSatisfiable,
    421: HostNotAllowed,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    507: StorageFull,
}

_class_by_code: dict[str, type[FlowError]] = {}


def error_from_response(status: int, headers: Mapping[str, str], body: bytes) -> FlowError:
    """Return the error that an HTTP answer means; never raises, whatever the answer holds.

    The class follows from the problem's `code` where it is known, else from the status.
    Source: schema `Problem` of the contract (RFC 9457); `Retry-After` by RFC 9110 section 10.2.3.

    Args:
        status: HTTP status of the answer.
        headers: Its headers, in any case.
        body: Its body: a problem, or whatever a proxy says instead.

    Example:
        >>> error_from_response(404, {}, b'{"code": "task_not_found", "detail": "no task_1"}')
        TaskNotFound('no task_1')
        >>> error_from_response(502, {}, b"<html><title>502 Bad Gateway</title></html>")
        Unavailable('HTTP 502 Bad Gateway')
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    problem = _json_object(body)
    code = _text(problem.get("code"))
    hint = _text(problem.get("hint"))
    if code is None and hint is None:
        hint = "this is not a flowkit gateway's answer: check the API URL and proxies on the way"
    retry_after = _seconds(problem.get("retry_after"))
    if retry_after is None:
        retry_after = _retry_after_header(lowered.get("retry-after"))
    return _error_class(code, status)(
        _message(status, problem, body),
        code=code,
        status=status,
        correlation_id=_text(problem.get("correlation_id"))
        or _text(lowered.get("flowkit-correlation-id")),
        details=_details(problem.get("details")),
        hint=hint,
        retry_after=retry_after,
    )


def _error_class(code: str | None, status: int) -> type[FlowError]:
    if not _class_by_code:
        _register_codes(FlowError)
    if code in _class_by_code:
        return _class_by_code[code]
    if status in _CLASS_BY_STATUS:
        return _CLASS_BY_STATUS[status]
    if 400 <= status < 500:
        return InvalidRequest
    return ServerError if status >= 500 else InvalidResponse


def _register_codes(cls: type[FlowError]) -> None:
    for child in cls.__subclasses__():
        # A user's own subclass must not take over a code.
        if child.__module__ == __name__:
            _class_by_code[child.code] = child
            _register_codes(child)


def _json_object(body: bytes) -> dict[str, object]:
    import json

    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Beyond any wait that makes sense, and too large an integer for a float.
    return float(value) if 0 <= value < 1e9 else None


def _retry_after_header(value: str | None) -> float | None:
    if value is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*", value):
        return float(value)
    import time
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _details(value: object) -> tuple[ErrorDetail, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        ErrorDetail(_text(item.get("loc")) or "", msg, _text(item.get("hint")))
        for item in value
        if isinstance(item, dict) and (msg := _text(item.get("msg"))) is not None
    )


def _message(status: int, problem: dict[str, object], body: bytes) -> str:
    for name in ("detail", "title", "message"):
        if (text := _text(problem.get(name))) is not None:
            return text
    from http import HTTPStatus

    try:
        label = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        label = f"HTTP {status}"
    excerpt = _excerpt(body)
    return label if not excerpt or excerpt in label else f"{label}: {excerpt}"


def _excerpt(body: bytes) -> str:
    """Return what a body that is no problem says, in one printable line."""
    text = body[:4096].decode("utf-8", errors="replace")
    if title := re.search(r"<title[^>]*>([^<]*)</title", text, re.IGNORECASE):
        text = title[1]
    text = re.sub(r"<[^>]*>", " ", text)
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return line if len(line) <= 200 else f"{line[:200]}…"
