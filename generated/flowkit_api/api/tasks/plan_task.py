"""Say what would be chosen for a task, and create nothing.

Operation `plan_task`: POST /v1/tasks:plan
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.task_create import TaskCreate
    from ...models.task_plan import TaskPlan
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: TaskCreate) -> Request:
    """Make the request, and send nothing.

    Args:
        body: A task to submit.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/tasks:plan",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="plan_task",
    )


def parse(reply: Reply) -> TaskPlan:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        What would be chosen, what was checked and what could not be.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task_plan import TaskPlan

    return decode(reply.content, TaskPlan)


def sync(*, client: SyncClient, body: TaskCreate) -> TaskPlan:
    """Say what would be chosen for a task, and create nothing.

    Args:
        client: What to send with.
        body: A task to submit.

    Returns:
        What would be chosen, what was checked and what could not be.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body)))


async def asyncio(*, client: AsyncioClient, body: TaskCreate) -> TaskPlan:
    """Say what would be chosen for a task, and create nothing.

    Args:
        client: What to send with.
        body: A task to submit.

    Returns:
        What would be chosen, what was checked and what could not be.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body)))
