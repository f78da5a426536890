"""List sweeps, newest first.

Operation `list_sweeps`: GET /v1/sweeps
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.sweep_page import SweepPage
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *, page_size: int | None = None, page_token: str | None = None, name: str | None = None
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only sweeps of this name.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/sweeps",
        params=present(("page_size", page_size), ("page_token", page_token), ("name", name)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_sweeps",
    )


def parse(reply: Reply) -> SweepPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.sweep_page import SweepPage

    return decode(reply.content, SweepPage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
) -> SweepPage:
    """List sweeps, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only sweeps of this name.

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
) -> SweepPage:
    """List sweeps, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only sweeps of this name.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(page_size=page_size, page_token=page_token, name=name)))
