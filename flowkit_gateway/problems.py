"""The errors that a gateway answers with, one class a code of the contract."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class Detail(NamedTuple):
    """One thing that is wrong with a request."""

    loc: str
    """JSON pointer into the request, such as `/body/gpu/0` or `/query/page_size`."""
    msg: str
    hint: str | None = None

    def document(self) -> dict[str, str]:
        """Return the contract's `ProblemDetail`."""
        document = {"loc": self.loc, "msg": self.msg}
        if self.hint is not None:
            document["hint"] = self.hint
        return document


class Problem(Exception):
    """A request that cannot be done; the app answers it as `application/problem+json` (RFC 9457).

    Args:
        detail: what went wrong this time, in one sentence.
        hint: what to do about it.
        details: every single thing that is wrong, in the request's order.
        retry_after: seconds after which the same request may succeed.

    Example:
        >>> TaskNotFound("there is no task task_x").document("c1")["code"]
        'task_not_found'
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        details: Iterable[Detail] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.details = tuple(details)
        self.retry_after = retry_after

    def document(self, correlation_id: str) -> dict[str, object]:
        """Return the contract's `Problem`, without keys that have no value."""
        document: dict[str, object] = {
            "type": f"urn:flowkit:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "correlation_id": correlation_id,
        }
        if self.hint is not None:
            document["hint"] = self.hint
        if self.retry_after is not None:
            document["retry_after"] = self.retry_after
        if self.details:
            document["details"] = [detail.document() for detail in self.details]
        return document

    def headers(self) -> dict[str, str]:
        """Return the header fields that this problem's answer has beyond the usual ones."""
        if self.retry_after is None:
            return {}
        # RFC 9110 section 10.2.3 knows whole seconds only; rounding down would come too early.
        return {"retry-after": str(math.ceil(self.retry_after))}


class MalformedRequest(Problem):
    status = 400
    code = "malformed_request"
    title = "Malformed request"


class InvalidRequest(Problem):
    status = 422
    code = "invalid_request"
    title = "Invalid request"


class InvalidGPURequest(Problem):
    status = 422
    code = "invalid_gpu_request"
    title = "Invalid GPU request"


class NoCapacity(Problem):
    status = 422
    code = "no_capacity"
    title = "Nothing here can ever run this"


class UnsupportedByEngine(Problem):
    status = 422
    code = "unsupported_by_engine"
    title = "Not supported by this gateway's engine"


class Unauthenticated(Problem):
    status = 401
    code = "unauthenticated"
    title = "Not authenticated"

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "www-authenticate": 'Bearer realm="flowkit"'}


class PermissionDenied(Problem):
    status = 403
    code = "permission_denied"
    title = "Not allowed"


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = "Not found"


class TaskNotFound(Problem):
    status = 404
    code = "task_not_found"
    title = "Task not found"


class VolumeNotFound(Problem):
    status = 404
    code = "volume_not_found"
    title = "Volume not found"


class FileNotFound(Problem):
    status = 404
    code = "file_not_found"
    title = "File not found"


class SnapshotNotFound(Problem):
    status = 404
    code = "snapshot_not_found"
    title = "Snapshot not found"


class SecretNotFound(Problem):
    status = 404
    code = "secret_not_found"
    title = "Secret not found"


class SweepNotFound(Problem):
    status = 404
    code = "sweep_not_found"
    title = "Sweep not found"


class ReservationNotFound(Problem):
    status = 404
    code = "reservation_not_found"
    title = "Reservation not found"


class InvalidSweep(Problem):
    status = 422
    code = "invalid_sweep"
    title = "Invalid sweep"


class InvalidPath(Problem):
    status = 422
    code = "invalid_path"
    title = "Invalid path"


class InvalidMount(Problem):
    status = 422
    code = "invalid_mount"
    title = "Invalid mount"


class ChecksumMismatch(Problem):
    status = 422
    code = "checksum_mismatch"
    title = "Checksum mismatch"


class MethodNotAllowed(Problem):
    """Args: `allow`: the methods that the path has, for the `Allow` header."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"

    def __init__(self, detail: str, *, allow: str, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.allow = allow

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "allow": self.allow}


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = "Conflict"


class IdempotencyConflict(Problem):
    status = 409
    code = "idempotency_conflict"
    title = "Idempotency key used for another request"


class TaskNotTerminal(Problem):
    status = 409
    code = "task_not_terminal"
    title = "Task has not ended"


class TaskNotPending(Problem):
    status = 409
    code = "task_not_pending"
    title = "Task has started"


class AlreadyExists(Problem):
    status = 409
    code = "already_exists"
    title = "Already exists"


class VolumeInUse(Problem):
    status = 409
    code = "volume_in_use"
    title = "Volume in use"


class OffsetConflict(Problem):
    status = 409
    code = "offset_conflict"
    title = "Upload is at another offset"


class SnapshotIncomplete(Problem):
    status = 409
    code = "snapshot_incomplete"
    title = "Snapshot is not complete"


class FileChanged(Problem):
    status = 412
    code = "file_changed"
    title = "File has changed"


class PayloadTooLarge(Problem):
    status = 413
    code = "payload_too_large"
    title = "Request too large"


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class RangeNotSatisfiable(Problem):
    """Args: `size`: how many bytes there are, for the `Content-Range` header."""

    status = 416
    code = "range_not_satisfiable"
    title = "Range not satisfiable"

    def __init__(self, detail: str, *, size: int, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.size = size

    def headers(self) -> dict[str, str]:
        # RFC 9110, 15.5.17
        return {**super().headers(), "content-range": f"bytes */{self.size}"}


class HostNotAllowed(Problem):
    status = 421
    code = "host_not_allowed"
    title = "Host not served here"


class RateLimited(Problem):
    status = 429
    code = "rate_limited"
    title = "Too many requests"


class InternalError(Problem):
    """A mistake of the gateway; the log has the traceback under the correlation id."""


class Unavailable(Problem):
    status = 503
    code = "unavailable"
    title = "Unavailable for now"


class StorageFull(Problem):
    status = 507
    code = "storage_full"
    title = "Storage full"


class QuotaExceeded(Problem):
    status = 507
    code = "quota_exceeded"
    title = "Quota exceeded"
