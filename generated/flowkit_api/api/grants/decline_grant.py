"""Decline an invitation.

Operation `decline_grant`: POST /v1/grants/{grant_id}:decline
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.grant import Grant
    from ...types import AsyncioClient, Reply, SyncClient


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
        method="POST",
        path=f"/v1/grants/{path_segment(grant_id)}:decline",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="decline_grant",
    )


def parse(reply: Reply) -> Grant:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The grant.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.grant import Grant

    return decode(reply.content, Grant)


def sync(*, client: SyncClient, grant_id: str) -> Grant:
    """Decline an invitation.

    Args:
        client: What to send with.
        grant_id: The grant's id.

    Returns:
        The grant.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(grant_id=grant_id)))


async def asyncio(*, client: AsyncioClient, grant_id: str) -> Grant:
    """Decline an invitation.

    Args:
        client: What to send with.
        grant_id: The grant's id.

    Returns:
        The grant.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(grant_id=grant_id)))
