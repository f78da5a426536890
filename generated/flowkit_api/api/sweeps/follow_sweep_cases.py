"""Stream the cases of a sweep in the order in which they end.

Server-sent events. `event: case` carries a `SweepCase` that has ended, and its `id` is its
place in that order; `Last-Event-ID` (or `after`) resumes behind it. `event: end` carries
the `Sweep` once all cases have ended and were sent.

Operation `follow_sweep_cases`: GET /v1/sweeps/{sweep_id}/cases:follow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...types import AsyncioClient, SyncClient


def request(
    *, sweep_id: str, after: int | None = None, last_event_id: str | None = None
) -> Request:
    """Make the request, and send nothing.

    Args:
        sweep_id: The sweep's id.
        after: The place of the last case seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/sweeps/{path_segment(sweep_id)}/cases:follow",
        params=present(("after", after)),
        headers=dict(present(("Last-Event-ID", last_event_id))),
        body=None,
        content_type=None,
        accept="text/event-stream",
        operation="follow_sweep_cases",
    )


def stream(
    *, client: SyncClient, sweep_id: str, after: int | None = None, last_event_id: str | None = None
) -> AbstractContextManager[Iterator[bytes]]:
    """Stream the cases of a sweep in the order in which they end.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        after: The place of the last case seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(sweep_id=sweep_id, after=after, last_event_id=last_event_id))


def astream(
    *,
    client: AsyncioClient,
    sweep_id: str,
    after: int | None = None,
    last_event_id: str | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Stream the cases of a sweep in the order in which they end.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        after: The place of the last case seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(sweep_id=sweep_id, after=after, last_event_id=last_event_id))
