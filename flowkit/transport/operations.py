"""What the transport must know of an operation, beyond its request."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from flowkit.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowkit_api.types import Request

TAKE_IDEMPOTENCY_KEY = frozenset(
    {
        "create_grant",
        "create_profile_file",
        "create_reservation",
        "create_secret",
        "create_sweep",
        "create_task",
        "create_tasks",
        "create_upload",
        "create_volume",
        "create_volume_clone",
    }
)
"""Operations with the contract's parameter `IdempotencyKey`."""

SAFE_TO_REPEAT = frozenset(
    {
        "accept_grant",
        "apply_snapshot",
        "cancel_reservation",
        "cancel_sweep",
        "cancel_task",
        "complete_upload",
        "create_snapshot",
        "decline_grant",
        "hold_task",
        "make_directory",
        "normalize_instance_type",
        "plan_task",
        "release_task",
        "update_profile_file",
        "update_reservation",
        "update_secret",
        "update_task",
        "update_volume",
        "upload_snapshot_objects",
        "write_file",
    }
)
"""Operations whose second call leaves what the first one left, though their method need not."""

HELD = frozenset({"wait_sweep", "wait_task"})
"""Operations whose answer the gateway holds back until something happens."""

LENGTHY = frozenset(
    {
        "apply_snapshot",
        "collect_garbage",
        "complete_upload",
        "create_snapshot",
        "create_volume_clone",
        "delete_file",
        "get_volume_usage",
        "stat_file",
    }
)
"""Operations whose answer takes as long as it takes to read, copy or count what is there."""

LENGTHY_SILENCE = 600.0
"""Seconds that the gateway may be silent while it is at one of these."""

HELD_MARGIN = 10.0
GRACE = 1.0
"""Seconds that an answer may be late on a call with a deadline, as it has a way to go."""
SLOWEST = 1024
"""Bytes a second of an answer that takes longer than the gateway may be silent."""
STREAM_SILENCE = 60.0
"""Seconds after which a stream is dead: the gateway says something every 15."""

_CORRELATION_ID = "Flowkit-Correlation-Id"
_OURS = secrets.token_hex(4)
"""What the correlation ids begin with that are made here."""
_REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_IDEMPOTENCY_KEY = "Idempotency-Key"


def prepare(request: Request) -> Request:
    """Return the request with the headers that it keeps through all tries.

    Raises:
        InvalidRequest: its idempotency key is not one.
    """
    headers = {_CORRELATION_ID: _OURS + secrets.token_hex(6), **request.headers}
    key = headers.get(_IDEMPOTENCY_KEY)
    if key is not None:
        if not (1 <= len(key) <= 255 and all("!" <= letter <= "~" for letter in key)):
            raise InvalidRequest(
                f"invalid idempotency key {key[:60]!r}",
                hint="use 1 to 255 printable ASCII characters without spaces",
            )
    elif request.operation in TAKE_IDEMPOTENCY_KEY:
        headers[_IDEMPOTENCY_KEY] = secrets.token_hex(16)
    return request._replace(headers=headers)


def is_answered_by(request: Request, headers: Mapping[str, str]) -> bool:
    """Say whether an answer with these headers is not the one to another call.

    Whatever a server or something on the way sends too much, such as an answer twice, stays in
    the connection and would be read as the answer to the next call. Every answer names its call,
    by the contract; one that names a call that was not made here was recorded, or is a refusal
    of what could not be read.
    """
    named = headers.get(_CORRELATION_ID, "")
    return not named.startswith(_OURS) or named == request.headers[_CORRELATION_ID]


def is_streamed(request: Request) -> bool:
    """Say whether the body comes in parts, which are gone once they have been sent."""
    return not isinstance(request.body, bytes | None)


def is_repeatable(request: Request) -> bool:
    """Say whether the call may be made again when it is unknown what became of it."""
    return not is_streamed(request) and (
        request.method in _REPEATABLE_METHODS
        or request.operation in SAFE_TO_REPEAT
        or _IDEMPOTENCY_KEY in request.headers
    )


def is_held(request: Request) -> bool:
    """Say whether the answer may be a while in coming, as the call asks for it."""
    return request.operation in HELD


def is_stream(request: Request, headers: Mapping[str, str]) -> bool:
    """Say whether an answer is what was asked for, as far as its type says."""
    wanted = request.accept
    return wanted == "application/json" or headers.get("Content-Type", wanted).startswith(wanted)


def read_timeout(
    request: Request, default: float, *, stream: bool = False, deadline: float | None = None
) -> float:
    """Return how many seconds the gateway may be silent."""
    seconds = default
    if stream:
        seconds = STREAM_SILENCE
    elif is_held(request):
        held = next((float(value) for name, value in request.params if name == "timeout"), 30.0)
        seconds = max(default, held + HELD_MARGIN)
    elif request.operation in LENGTHY:
        seconds = max(default, LENGTHY_SILENCE)
    if deadline is None:
        return seconds
    return min(seconds, max(0.0, deadline - time.monotonic()) + GRACE)
