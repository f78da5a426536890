"""Stream what happens in the project.

Server-sent events in order, each an `Event` whose number is its `id`. Starts with what
happens next unless `after` or `Last-Event-ID` names the last event seen.

Operation `follow_events`: GET /v1/events:follow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, present

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...types import AsyncioClient, SyncClient


def request(*, after: int | None = None, last_event_id: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/events:follow",
        params=present(("after", after)),
        headers=dict(present(("Last-Event-ID", last_event_id))),
        body=None,
        content_type=None,
        accept="text/event-stream",
        operation="follow_events",
    )


def stream(
    *, client: SyncClient, after: int | None = None, last_event_id: str | None = None
) -> AbstractContextManager[Iterator[bytes]]:
    """Stream what happens in the project.

    Args:
        client: What to send with.
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(after=after, last_event_id=last_event_id))


def astream(
    *, client: AsyncioClient, after: int | None = None, last_event_id: str | None = None
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Stream what happens in the project.

    Args:
        client: What to send with.
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(after=after, last_event_id=last_event_id))
