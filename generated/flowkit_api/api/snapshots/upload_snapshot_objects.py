"""Send contents that the gateway lacks of a snapshot.

The body is a Zstandard stream (RFC 8878) of records: the SHA-256 of a content (32
bytes), its length (8 bytes, big-endian), the content. What has arrived whole of a call
that breaks off is kept.

Operation `upload_snapshot_objects`: POST /v1/snapshots/{snapshot_id}:upload
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.snapshot import Snapshot
    from ...types import AsyncioClient, Content, Reply, SyncClient


def request(*, snapshot_id: str, body: Content) -> Request:
    """Make the request, and send nothing.

    Args:
        snapshot_id: The snapshot's id.
        body: The bytes, at once or in parts.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/snapshots/{path_segment(snapshot_id)}:upload",
        params=(),
        headers={},
        body=body,
        content_type="application/octet-stream",
        accept="application/json",
        operation="upload_snapshot_objects",
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


def sync(*, client: SyncClient, snapshot_id: str, body: Content) -> Snapshot:
    """Send contents that the gateway lacks of a snapshot.

    Args:
        client: What to send with.
        snapshot_id: The snapshot's id.
        body: The bytes, at once or in parts.

    Returns:
        The snapshot.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(snapshot_id=snapshot_id, body=body)))


async def asyncio(*, client: AsyncioClient, snapshot_id: str, body: Content) -> Snapshot:
    """Send contents that the gateway lacks of a snapshot.

    Args:
        client: What to send with.
        snapshot_id: The snapshot's id.
        body: The bytes, at once or in parts.

    Returns:
        The snapshot.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(snapshot_id=snapshot_id, body=body)))
