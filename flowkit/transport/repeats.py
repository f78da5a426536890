"""Whether a call that failed is made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowkit.errors import APIConnectionError, FlowError, InvalidResponse, NotFound
from flowkit.transport import operations
from flowkit.transport.retries import RETRIED_STATUSES

if TYPE_CHECKING:
    from flowkit_api.types import Request


def may_repeat(request: Request, error: FlowError) -> bool:
    """Say whether another try may mend an error, and can do no harm."""
    if not operations.is_repeatable(request):
        return False
    if isinstance(error, InvalidResponse):
        # Something on the way has damaged the answer, or given its own. A redirection is neither.
        return error.status is None or 200 <= error.status < 300
    return isinstance(error, APIConnectionError) or error.status in RETRIED_STATUSES


def is_gone(request: Request, error: NotFound) -> bool:
    """Say whether a deletion that was tried before finds its work done."""
    # A 404 of something on the way is no word of the gateway's.
    return request.method == "DELETE" and error.code != NotFound.code


def is_in_time(now: float, delay: float, deadline: float | None, error: FlowError) -> bool:
    """Say whether another try can be made; to come back earlier than asked to is none."""
    if deadline is None:
        return True
    return now < deadline and (error.retry_after is None or now + delay < deadline)
