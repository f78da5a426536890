"""Answer when a task reaches a state, or after a timeout.

The answer is the task as it is then; look at its status to tell which it was.

Operation `wait_task`: GET /v1/tasks/{task_id}:wait
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.task import Task
    from ...models.wait_until import WaitUntil
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *, task_id: str, until: WaitUntil | None = None, timeout: float | None = None
) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        until: The state to wait for. `running` is also reached by a task that has ended.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/tasks/{path_segment(task_id)}:wait",
        params=present(("until", until), ("timeout", timeout)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="wait_task",
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


def sync(
    *,
    client: SyncClient,
    task_id: str,
    until: WaitUntil | None = None,
    timeout: float | None = None,
) -> Task:
    """Answer when a task reaches a state, or after a timeout.

    Args:
        client: What to send with.
        task_id: The task's id.
        until: The state to wait for. `running` is also reached by a task that has ended.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The task.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(task_id=task_id, until=until, timeout=timeout)))


async def asyncio(
    *,
    client: AsyncioClient,
    task_id: str,
    until: WaitUntil | None = None,
    timeout: float | None = None,
) -> Task:
    """Answer when a task reaches a state, or after a timeout.

    Args:
        client: What to send with.
        task_id: The task's id.
        until: The state to wait for. `running` is also reached by a task that has ended.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The task.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(task_id=task_id, until=until, timeout=timeout)))
