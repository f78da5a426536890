# Written by `make regen` from flowkit/transport/_async/bodies.py: edit that file.
"""The bodies of answers, as they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from flowkit.transport import operations
from flowkit.transport.clients import Link
from flowkit.transport.failures import FAILURES, failure


def content(response: httpx.Response, patience: float, deadline: float | None) -> bytes:
    """Return the whole body, unless it trickles."""
    parts: list[bytes] = []
    size, began = 0, time.monotonic()
    try:
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            now = time.monotonic()
            is_over = deadline is not None and now > deadline + operations.GRACE
            if is_over or size < (now - began - patience) * operations.SLOWEST:
                raise httpx.ReadTimeout("the answer trickles")
    finally:
        response.close()
    return b"".join(parts)


def chunks(link: Link, response: httpx.Response) -> Iterator[bytes]:
    """Yield the parts of a body.

    Raises:
        APIConnectionError: it broke off.
    """
    try:
        for chunk in response.iter_bytes():
            yield chunk
    except FAILURES as error:
        raise failure(error, link.endpoint) from error
