"""Waiting for what the gateway says when it happens; nothing is polled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from flowkit.durations import parse_duration
from flowkit.errors import APIConnectionError, InvalidRequest, WaitTimeout

if TYPE_CHECKING:
    from flowkit_api.types import Reply, Request

    from flowkit.transport._async.transport import AsyncTransport

T = TypeVar("T")

_HOLD = 25.0
"""Seconds for which a wait is held: load balancers commonly end what takes 30."""


async def wait_until(
    api: AsyncTransport,
    request: Callable[[float], Request],
    parse: Callable[[Reply], T],
    *,
    is_over: Callable[[T], bool],
    late: Callable[[T | None], WaitTimeout],
    timeout: float | str | None,
) -> T:
    """Make an operation that the gateway holds, until an answer is what is waited for.

    Args:
        api: What to send with.
        request: Makes the request, of the seconds that the answer may be held.
        parse: The operation's `parse`.
        is_over: Whether an answer is what is waited for.
        late: Makes the error of a time that is over, of the last answer if there was one.
        timeout: Longest time to wait: a number of seconds, text such as `10m`, or None.

    Returns:
        That answer.

    Raises:
        WaitTimeout: the time is over.
        InvalidRequest: the timeout is none.
    """
    deadline = None if timeout is None else time.monotonic() + _seconds(timeout)
    pause = 0.05
    answer: T | None = None
    while True:
        left = _HOLD if deadline is None else max(0.0, deadline - time.monotonic())
        asked_at = time.monotonic()
        try:
            answer = await api.call(
                request(round(min(left, _HOLD), 3)),
                parse,
                deadline=deadline,
                is_under_way=answer is not None,
            )
        except APIConnectionError as error:
            if deadline is None or time.monotonic() < deadline:
                raise
            raise late(answer) from error
        if is_over(answer):
            return answer
        if deadline is not None and time.monotonic() >= deadline:
            raise late(answer)
        if time.monotonic() - asked_at < min(left, 1.0) / 2:
            # The gateway did not hold the answer: it is about to stop, or cannot.
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, 1.0)


def shown(timeout: float | str | None) -> str:
    """Return a timeout as it is told in an error."""
    return timeout if isinstance(timeout, str) else f"{timeout:g} s"


def _seconds(timeout: float | str) -> float:
    if isinstance(timeout, str):
        return parse_duration(timeout)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise InvalidRequest(f"invalid timeout {timeout!r}", hint="seconds, or text such as 10m")
    return min(float(timeout), 1e9)
