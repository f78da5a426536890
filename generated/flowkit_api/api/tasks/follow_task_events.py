"""Stream what happens to a task until it has ended.

Server-sent events in order, each an `Event` whose number is its `id`. The stream ends
after the event of a terminal state.

Operation `follow_task_events`: GET /v1/tasks/{task_id}/events:follow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...types import AsyncioClient, SyncClient


def request(*, task_id: str, after: int | None = None, last_event_id: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/tasks/{path_segment(task_id)}/events:follow",
        params=present(("after", after)),
        headers=dict(present(("Last-Event-ID", last_event_id))),
        body=None,
        content_type=None,
        accept="text/event-stream",
        operation="follow_task_events",
    )


def stream(
    *, client: SyncClient, task_id: str, after: int | None = None, last_event_id: str | None = None
) -> AbstractContextManager[Iterator[bytes]]:
    """Stream what happens to a task until it has ended.

    Args:
        client: What to send with.
        task_id: The task's id.
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(task_id=task_id, after=after, last_event_id=last_event_id))


def astream(
    *,
    client: AsyncioClient,
    task_id: str,
    after: int | None = None,
    last_event_id: str | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Stream what happens to a task until it has ended.

    Args:
        client: What to send with.
        task_id: The task's id.
        after: Number of the last event seen; `Last-Event-ID` goes before it.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(request(task_id=task_id, after=after, last_event_id=last_event_id))
