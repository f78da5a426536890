"""Delete a volume with everything in it.

Refused while a task that has not ended is to use it.

Operation `delete_volume`: DELETE /v1/volumes/{volume_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


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
        method="DELETE",
        path=f"/v1/volumes/{path_segment(volume_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_volume",
    )


def sync(*, client: SyncClient, volume_id: str) -> None:
    """Delete a volume with everything in it.

    Args:
        client: What to send with.
        volume_id: The volume's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(volume_id=volume_id))


async def asyncio(*, client: AsyncioClient, volume_id: str) -> None:
    """Delete a volume with everything in it.

    Args:
        client: What to send with.
        volume_id: The volume's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(volume_id=volume_id))
