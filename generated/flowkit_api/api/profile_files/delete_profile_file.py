"""Delete a profile file.

Operation `delete_profile_file`: DELETE /v1/profile_files/{profile_file_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


def request(*, profile_file_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        profile_file_id: The profile file's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="DELETE",
        path=f"/v1/profile_files/{path_segment(profile_file_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_profile_file",
    )


def sync(*, client: SyncClient, profile_file_id: str) -> None:
    """Delete a profile file.

    Args:
        client: What to send with.
        profile_file_id: The profile file's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(profile_file_id=profile_file_id))


async def asyncio(*, client: AsyncioClient, profile_file_id: str) -> None:
    """Delete a profile file.

    Args:
        client: What to send with.
        profile_file_id: The profile file's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(profile_file_id=profile_file_id))
