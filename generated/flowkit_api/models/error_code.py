from __future__ import annotations

from ..types import OpenEnum


class ErrorCode(OpenEnum):
    """Why a call failed. Stable; new codes may be added."""

    MALFORMED_REQUEST = "malformed_request"
    INVALID_REQUEST = "invalid_request"
    INVALID_GPU_REQUEST = "invalid_gpu_request"
    NO_CAPACITY = "no_capacity"
    UNSUPPORTED_BY_ENGINE = "unsupported_by_engine"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    TASK_NOT_FOUND = "task_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TASK_NOT_TERMINAL = "task_not_terminal"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    HOST_NOT_ALLOWED = "host_not_allowed"
    RATE_LIMITED = "rate_limited"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"
    STORAGE_FULL = "storage_full"
