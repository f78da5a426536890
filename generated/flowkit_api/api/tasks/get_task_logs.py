"""Read a part of a task's output.

Offsets count bytes of the chosen view: one stream, or both in the order of arrival.
Without `offset`, `tail` or `since` the view is read from its start.

Operation `get_task_logs`: GET /v1/tasks/{task_id}/logs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    import datetime

    from ...models.log_page import LogPage
    from ...models.log_stream import LogStream
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    max_bytes: int | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        offset: First byte to read.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        max_bytes: Most bytes to answer with.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/tasks/{path_segment(task_id)}/logs",
        params=present(
            ("stream", stream),
            ("attempt", attempt),
            ("node", node),
            ("offset", offset),
            ("tail", tail),
            ("since", since),
            ("max_bytes", max_bytes),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_task_logs",
    )


def parse(reply: Reply) -> LogPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        A part of the output.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.log_page import LogPage

    return decode(reply.content, LogPage)


def sync(
    *,
    client: SyncClient,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    max_bytes: int | None = None,
) -> LogPage:
    """Read a part of a task's output.

    Args:
        client: What to send with.
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        offset: First byte to read.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        max_bytes: Most bytes to answer with.

    Returns:
        A part of the output.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                task_id=task_id,
                stream=stream,
                attempt=attempt,
                node=node,
                offset=offset,
                tail=tail,
                since=since,
                max_bytes=max_bytes,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    task_id: str,
    stream: LogStream | None = None,
    attempt: int | None = None,
    node: int | None = None,
    offset: int | None = None,
    tail: int | None = None,
    since: datetime.datetime | None = None,
    max_bytes: int | None = None,
) -> LogPage:
    """Read a part of a task's output.

    Args:
        client: What to send with.
        task_id: The task's id.
        stream: Only this stream; both unless given.
        attempt: Which attempt's output; the newest one's unless given.
        node: Which machine's output, where the task has several; 0 unless given.
        offset: First byte to read.
        tail: Start at this many lines before the end.
        since: Start at the first output that was written at or after this time.
        max_bytes: Most bytes to answer with.

    Returns:
        A part of the output.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                task_id=task_id,
                stream=stream,
                attempt=attempt,
                node=node,
                offset=offset,
                tail=tail,
                since=since,
                max_bytes=max_bytes,
            )
        )
    )
