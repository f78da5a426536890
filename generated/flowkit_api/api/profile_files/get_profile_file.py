"""Get a profile file with its content.

Operation `get_profile_file`: GET /v1/profile_files/{profile_file_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.profile_file import ProfileFile
    from ...types import AsyncioClient, Reply, SyncClient


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
        method="GET",
        path=f"/v1/profile_files/{path_segment(profile_file_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_profile_file",
    )


def parse(reply: Reply) -> ProfileFile:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The file.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.profile_file import ProfileFile

    return decode(reply.content, ProfileFile)


def sync(*, client: SyncClient, profile_file_id: str) -> ProfileFile:
    """Get a profile file with its content.

    Args:
        client: What to send with.
        profile_file_id: The profile file's id.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(profile_file_id=profile_file_id)))


async def asyncio(*, client: AsyncioClient, profile_file_id: str) -> ProfileFile:
    """Get a profile file with its content.

    Args:
        client: What to send with.
        profile_file_id: The profile file's id.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(profile_file_id=profile_file_id)))
