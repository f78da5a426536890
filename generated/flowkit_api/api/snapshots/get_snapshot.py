"""Get a snapshot, with what the gateway still lacks of it.

Operation `get_snapshot`: GET /v1/snapshots/{snapshot_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.snapshot import Snapshot
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, snapshot_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        snapshot_id: The snapshot's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/snapshots/{path_segment(snapshot_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_snapshot",
    )


def parse(reply: Reply) -> Snapshot:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The snapshot.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.snapshot import Snapshot

    return decode(reply.content, Snapshot)


def sync(*, client: SyncClient, snapshot_id: str) -> Snapshot:
    """Get a snapshot, with what the gateway still lacks of it.

    Args:
        client: What to send with.
        snapshot_id: The snapshot's id.

    Returns:
        The snapshot.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(snapshot_id=snapshot_id)))


async def asyncio(*, client: AsyncioClient, snapshot_id: str) -> Snapshot:
    """Get a snapshot, with what the gateway still lacks of it.

    Args:
        client: What to send with.
        snapshot_id: The snapshot's id.

    Returns:
        The snapshot.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(snapshot_id=snapshot_id)))
