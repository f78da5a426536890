"""Update the workspace of a task from a snapshot.

Files that differ are replaced, one by one and each atomically, and files that only the
task has stay. A task that has not started starts from this snapshot.

Operation `apply_snapshot`: POST /v1/tasks/{task_id}:apply_snapshot
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.snapshot_application import SnapshotApplication
    from ...models.snapshot_applied import SnapshotApplied
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, task_id: str, body: SnapshotApplication) -> Request:
    """Make the request, and send nothing.

    Args:
        task_id: The task's id.
        body: What to send.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/tasks/{path_segment(task_id)}:apply_snapshot",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="apply_snapshot",
    )


def parse(reply: Reply) -> SnapshotApplied:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        What was changed.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.snapshot_applied import SnapshotApplied

    return decode(reply.content, SnapshotApplied)


def sync(*, client: SyncClient, task_id: str, body: SnapshotApplication) -> SnapshotApplied:
    """Update the workspace of a task from a snapshot.

    Args:
        client: What to send with.
        task_id: The task's id.
        body: What to send.

    Returns:
        What was changed.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(task_id=task_id, body=body)))


async def asyncio(
    *, client: AsyncioClient, task_id: str, body: SnapshotApplication
) -> SnapshotApplied:
    """Update the workspace of a task from a snapshot.

    Args:
        client: What to send with.
        task_id: The task's id.
        body: What to send.

    Returns:
        What was changed.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(task_id=task_id, body=body)))
