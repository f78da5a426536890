"""Count what is in a volume.

Operation `get_volume_usage`: GET /v1/volumes/{volume_id}:usage
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.volume_usage import VolumeUsage
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, volume_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        volume_id: The volume's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/volumes/{path_segment(volume_id)}:usage",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_volume_usage",
    )


def parse(reply: Reply) -> VolumeUsage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        What is in it.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.volume_usage import VolumeUsage

    return decode(reply.content, VolumeUsage)


def sync(*, client: SyncClient, volume_id: str) -> VolumeUsage:
    """Count what is in a volume.

    Args:
        client: What to send with.
        volume_id: The volume's id.

    Returns:
        What is in it.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(volume_id=volume_id)))


async def asyncio(*, client: AsyncioClient, volume_id: str) -> VolumeUsage:
    """Count what is in a volume.

    Args:
        client: What to send with.
        volume_id: The volume's id.

    Returns:
        What is in it.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(volume_id=volume_id)))
