"""Change a volume's name, size, permission or whether it can be cloned.

Operation `update_volume`: PATCH /v1/volumes/{volume_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.volume import Volume
    from ...models.volume_update import VolumeUpdate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, volume_id: str, body: VolumeUpdate) -> Request:
    """Make the request, and send nothing.

    Args:
        volume_id: The volume's id.
        body: What to change; what is absent stays.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="PATCH",
        path=f"/v1/volumes/{path_segment(volume_id)}",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="update_volume",
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


def sync(*, client: SyncClient, volume_id: str, body: VolumeUpdate) -> Volume:
    """Change a volume's name, size, permission or whether it can be cloned.

    Args:
        client: What to send with.
        volume_id: The volume's id.
        body: What to change; what is absent stays.

    Returns:
        The volume.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(volume_id=volume_id, body=body)))


async def asyncio(*, client: AsyncioClient, volume_id: str, body: VolumeUpdate) -> Volume:
    """Change a volume's name, size, permission or whether it can be cloned.

    Args:
        client: What to send with.
        volume_id: The volume's id.
        body: What to change; what is absent stays.

    Returns:
        The volume.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(volume_id=volume_id, body=body)))
