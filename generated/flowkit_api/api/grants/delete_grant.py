"""Take a grant back, or leave what was shared.

The owner of the volume unshares it; who received the grant leaves it.

Operation `delete_grant`: DELETE /v1/grants/{grant_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


def request(*, grant_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        grant_id: The grant's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="DELETE",
        path=f"/v1/grants/{path_segment(grant_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_grant",
    )


def sync(*, client: SyncClient, grant_id: str) -> None:
    """Take a grant back, or leave what was shared.

    Args:
        client: What to send with.
        grant_id: The grant's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(grant_id=grant_id))


async def asyncio(*, client: AsyncioClient, grant_id: str) -> None:
    """Take a grant back, or leave what was shared.

    Args:
        client: What to send with.
        grant_id: The grant's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(grant_id=grant_id))
