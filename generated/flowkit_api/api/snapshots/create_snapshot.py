"""Describe a source tree, and learn what the gateway lacks of it.

A snapshot's id follows from its content, so that describing the same tree again finds
the same snapshot, and the call needs no idempotency key. A tree that is too large for
one call is described in several, each based on the one before: a tree of the first
entries, in the order of their paths, is a tree too.

The id is `snap_` and the first 26 characters of the SHA-256, in base 32 (RFC 4648) in
lower case, of this text: the line `flowkit snapshot 1`, and for each entry in the order
of the bytes of its path `file MODE SIZE SHA256 PATH NUL`, `directory MODE PATH NUL` or
`symlink PATH NUL TARGET NUL`, with the mode as three octal digits.

Operation `create_snapshot`: POST /v1/snapshots
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.snapshot import Snapshot
    from ...models.snapshot_create import SnapshotCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: SnapshotCreate) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/snapshots",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_snapshot",
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


def sync(*, client: SyncClient, body: SnapshotCreate) -> Snapshot:
    """Describe a source tree, and learn what the gateway lacks of it.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        The snapshot.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body)))


async def asyncio(*, client: AsyncioClient, body: SnapshotCreate) -> Snapshot:
    """Describe a source tree, and learn what the gateway lacks of it.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        The snapshot.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body)))
