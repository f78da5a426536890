"""Submit a task.

The task is durable once this is answered.

Operation `create_task`: POST /v1/tasks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.task import Task
    from ...models.task_create import TaskCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: TaskCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: A task to submit.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/tasks",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_task",
    )


def parse(reply: Reply) -> Task:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The task is accepted.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task import Task

    return decode(reply.content, Task)


def sync(*, client: SyncClient, body: TaskCreate, idempotency_key: str | None = None) -> Task:
    """Submit a task.

    Args:
        client: What to send with.
        body: A task to submit.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The task is accepted.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: TaskCreate, idempotency_key: str | None = None
) -> Task:
    """Submit a task.

    Args:
        client: What to send with.
        body: A task to submit.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The task is accepted.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
