"""Give an upload up.

Operation `delete_upload`: DELETE /v1/uploads/{upload_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


def request(*, upload_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        upload_id: The upload's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="DELETE",
        path=f"/v1/uploads/{path_segment(upload_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_upload",
    )


def sync(*, client: SyncClient, upload_id: str) -> None:
    """Give an upload up.

    Args:
        client: What to send with.
        upload_id: The upload's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(upload_id=upload_id))


async def asyncio(*, client: AsyncioClient, upload_id: str) -> None:
    """Give an upload up.

    Args:
        client: What to send with.
        upload_id: The upload's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(upload_id=upload_id))
