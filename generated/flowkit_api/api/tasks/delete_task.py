"""Delete a finished task with its logs.

Operation `delete_task`: DELETE /v1/tasks/{task_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


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
        method="DELETE",
        path=f"/v1/tasks/{path_segment(task_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_task",
    )


def sync(*, client: SyncClient, task_id: str) -> None:
    """Delete a finished task with its logs.

    Args:
        client: What to send with.
        task_id: The task's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(task_id=task_id))


async def asyncio(*, client: AsyncioClient, task_id: str) -> None:
    """Delete a finished task with its logs.

    Args:
        client: What to send with.
        task_id: The task's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(task_id=task_id))
