"""Describe a source tree, and learn what the gateway lacks of it.

A snapshot's id follows from its content, so that describing the same tree again finds
the same snapshot.

Operation `create_snapshot`: POST /v1/snapshots
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.snapshot import Snapshot
    from ...models.snapshot_create import SnapshotCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: SnapshotCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/snapshots",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
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


def sync(
    *, client: SyncClient, body: SnapshotCreate, idempotency_key: str | None = None
) -> Snapshot:
    """Describe a source tree, and learn what the gateway lacks of it.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The snapshot.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: SnapshotCreate, idempotency_key: str | None = None
) -> Snapshot:
    """Describe a source tree, and learn what the gateway lacks of it.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The snapshot.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
