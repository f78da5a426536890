"""Stream a task's output until the task has ended.

Server-sent events. `event: log` carries a `LogChunk`, and its `id` is the offset of the
byte after it; `Last-Event-ID` (or `offset`) resumes there. A stream that was opened
without an offset begins with an `id` alone, which says where it starts. `event: end`
carries a `LogEnd` once the attempt has ended and all of its output was sent; when the
task is not terminal then, another attempt follows.

With `all_nodes` an `id` is the offset of each machine's output, joined by dots.

Operation `follow_task_logs`: GET /v1/tasks/{task_id}/logs:follow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment, present

if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...models.log_stream import LogStream
    from ...types import AsyncioClient, SyncClient


def request(
    *,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    all_nodes: bool | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    last_event_id: str | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        all_nodes: The output of all machines of the task, each chunk with its `node`.
        offset: First byte to send; `Last-Event-ID` goes before it.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/tasks/{path_segment(task_id)}/logs:follow",
        params=present(
            ("stream", stream),
            ("attempt", attempt),
            ("node", node),
            ("all_nodes", all_nodes),
            ("offset", offset),
            ("tail", tail),
            ("since", since),
        ),
        headers=dict(present(("Last-Event-ID", last_event_id))),
        body=None,
        content_type=None,
        accept="text/event-stream",
        operation="follow_task_logs",
    )


def stream(
    *,
    client: SyncClient,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    all_nodes: bool | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    last_event_id: str | None = None,
) -> AbstractContextManager[Iterator[bytes]]:
    """Stream a task's output until the task has ended.

    Args:
        client: What to send with.
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        all_nodes: The output of all machines of the task, each chunk with its `node`.
        offset: First byte to send; `Last-Event-ID` goes before it.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(
        request(
            task_id=task_id,
            stream=stream,
            attempt=attempt,
            node=node,
            all_nodes=all_nodes,
            offset=offset,
            tail=tail,
            since=since,
            last_event_id=last_event_id,
        )
    )


def astream(
    *,
    client: AsyncioClient,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    all_nodes: bool | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    last_event_id: str | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Stream a task's output until the task has ended.

    Args:
        client: What to send with.
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        all_nodes: The output of all machines of the task, each chunk with its `node`.
        offset: First byte to send; `Last-Event-ID` goes before it.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        last_event_id: The `id` of the last event received, sent when a stream is resumed.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(
        request(
            task_id=task_id,
            stream=stream,
            attempt=attempt,
            node=node,
            all_nodes=all_nodes,
            offset=offset,
            tail=tail,
            since=since,
            last_event_id=last_event_id,
        )
    )
