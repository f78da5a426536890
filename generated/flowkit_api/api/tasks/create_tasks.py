"""Submit many tasks, all or none.

One idempotency key covers the whole batch.

Operation `create_tasks`: POST /v1/tasks:batch
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.task_batch import TaskBatch
    from ...models.task_batch_create import TaskBatchCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: TaskBatchCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/tasks:batch",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_tasks",
    )


def parse(reply: Reply) -> TaskBatch:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        All tasks are accepted, in the order of the request.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task_batch import TaskBatch

    return decode(reply.content, TaskBatch)


def sync(
    *, client: SyncClient, body: TaskBatchCreate, idempotency_key: str | None = None
) -> TaskBatch:
    """Submit many tasks, all or none.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        All tasks are accepted, in the order of the request.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: TaskBatchCreate, idempotency_key: str | None = None
) -> TaskBatch:
    """Submit many tasks, all or none.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        All tasks are accepted, in the order of the request.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
