"""List the caller's profile files by path.

Operation `list_profile_files`: GET /v1/profile_files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.profile_file_page import ProfileFilePage
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, page_size: int | None = None, page_token: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/profile_files",
        params=present(("page_size", page_size), ("page_token", page_token)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_profile_files",
    )


def parse(reply: Reply) -> ProfileFilePage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.profile_file_page import ProfileFilePage

    return decode(reply.content, ProfileFilePage)


def sync(
    *, client: SyncClient, page_size: int | None = None, page_token: str | None = None
) -> ProfileFilePage:
    """List the caller's profile files by path.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(page_size=page_size, page_token=page_token)))


async def asyncio(
    *, client: AsyncioClient, page_size: int | None = None, page_token: str | None = None
) -> ProfileFilePage:
    """List the caller's profile files by path.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(page_size=page_size, page_token=page_token)))
