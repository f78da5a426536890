"""List how often a task was started and what became of it, newest first.

Operation `list_task_attempts`: GET /v1/tasks/{task_id}/attempts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.task_attempt_page import TaskAttemptPage
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *, task_id: str, page_size: int | None = None, page_token: str | None = None
) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/tasks/{path_segment(task_id)}/attempts",
        params=present(("page_size", page_size), ("page_token", page_token)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_task_attempts",
    )


def parse(reply: Reply) -> TaskAttemptPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task_attempt_page import TaskAttemptPage

    return decode(reply.content, TaskAttemptPage)


def sync(
    *, client: SyncClient, task_id: str, page_size: int | None = None, page_token: str | None = None
) -> TaskAttemptPage:
    """List how often a task was started and what became of it, newest first.

    Args:
        client: What to send with.
        task_id: The task's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        One page.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(task_id=task_id, page_size=page_size, page_token=page_token)))


async def asyncio(
    *,
    client: AsyncioClient,
    task_id: str,
    page_size: int | None = None,
    page_token: str | None = None,
) -> TaskAttemptPage:
    """List how often a task was started and what became of it, newest first.

    Args:
        client: What to send with.
        task_id: The task's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        One page.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(request(task_id=task_id, page_size=page_size, page_token=page_token))
    )
