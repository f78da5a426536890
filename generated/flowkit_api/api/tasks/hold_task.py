"""Keep a queued task from starting until it is released.

Operation `hold_task`: POST /v1/tasks/{task_id}:hold
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.task import Task
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, task_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/tasks/{path_segment(task_id)}:hold",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="hold_task",
    )


def parse(reply: Reply) -> Task:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The task.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task import Task

    return decode(reply.content, Task)


def sync(*, client: SyncClient, task_id: str) -> Task:
    """Keep a queued task from starting until it is released.

    Args:
        client: What to send with.
        task_id: The task's id.

    Returns:
        The task.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(task_id=task_id)))


async def asyncio(*, client: AsyncioClient, task_id: str) -> Task:
    """Keep a queued task from starting until it is released.

    Args:
        client: What to send with.
        task_id: The task's id.

    Returns:
        The task.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(task_id=task_id)))
