"""List the project's volumes and those shared with the caller, newest first.

Operation `list_volumes`: GET /v1/volumes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.volume_page import VolumePage
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *, page_size: int | None = None, page_token: str | None = None, name: str | None = None
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only volumes of this name.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/volumes",
        params=present(("page_size", page_size), ("page_token", page_token), ("name", name)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_volumes",
    )


def parse(reply: Reply) -> VolumePage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.volume_page import VolumePage

    return decode(reply.content, VolumePage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
) -> VolumePage:
    """List the project's volumes and those shared with the caller, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only volumes of this name.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(page_size=page_size, page_token=page_token, name=name)))


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
) -> VolumePage:
    """List the project's volumes and those shared with the caller, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only volumes of this name.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(page_size=page_size, page_token=page_token, name=name)))
