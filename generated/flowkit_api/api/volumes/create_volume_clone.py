"""Copy a volume with everything in it into a new one.

Operation `create_volume_clone`: POST /v1/volumes/{volume_id}:clone
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.volume import Volume
    from ...models.volume_clone import VolumeClone
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, volume_id: str, body: VolumeClone, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        volume_id: The volume's id.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/volumes/{path_segment(volume_id)}:clone",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_volume_clone",
    )


def parse(reply: Reply) -> Volume:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The volume.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.volume import Volume

    return decode(reply.content, Volume)


def sync(
    *, client: SyncClient, volume_id: str, body: VolumeClone, idempotency_key: str | None = None
) -> Volume:
    """Copy a volume with everything in it into a new one.

    Args:
        client: What to send with.
        volume_id: The volume's id.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The volume.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(request(volume_id=volume_id, body=body, idempotency_key=idempotency_key))
    )


async def asyncio(
    *, client: AsyncioClient, volume_id: str, body: VolumeClone, idempotency_key: str | None = None
) -> Volume:
    """Copy a volume with everything in it into a new one.

    Args:
        client: What to send with.
        volume_id: The volume's id.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The volume.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(request(volume_id=volume_id, body=body, idempotency_key=idempotency_key))
    )
