"""The bodies of answers, as they arrive."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx

from flowkit.transport import operations
from flowkit.transport.clients import Link
from flowkit.transport.failures import FAILURES, failure


async def content(response: httpx.Response, patience: float, deadline: float | None) -> bytes:
    """Return the whole body, unless it trickles."""
    parts: list[bytes] = []
    size, began = 0, time.monotonic()
    try:
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            now = time.monotonic()
            is_over = deadline is not None and now > deadline + operations.GRACE
            if is_over or size < (now - began - patience) * operations.SLOWEST:
                raise httpx.ReadTimeout("the answer trickles")
    finally:
        await response.aclose()
    return b"".join(parts)


async def chunks(link: Link, response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the parts of a body.

    Raises:
        APIConnectionError: it broke off.
    """
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except FAILURES as error:
        raise failure(error, link.endpoint) from error
