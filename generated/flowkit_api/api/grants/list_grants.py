"""List grants that the project gave or that the caller received, newest first.

Operation `list_grants`: GET /v1/grants
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.grant_direction import GrantDirection
    from ...models.grant_page import GrantPage
    from ...models.grant_status import GrantStatus
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    volume_id: str | None = None,
    status: GrantStatus | None = None,
    direction: GrantDirection | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        volume_id: Only grants on this volume.
        status: Only grants in this state.
        direction: Only grants that were given, or that were received.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/grants",
        params=present(
            ("page_size", page_size),
            ("page_token", page_token),
            ("volume_id", volume_id),
            ("status", status),
            ("direction", direction),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_grants",
    )


def parse(reply: Reply) -> GrantPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.grant_page import GrantPage

    return decode(reply.content, GrantPage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    volume_id: str | None = None,
    status: GrantStatus | None = None,
    direction: GrantDirection | None = None,
) -> GrantPage:
    """List grants that the project gave or that the caller received, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        volume_id: Only grants on this volume.
        status: Only grants in this state.
        direction: Only grants that were given, or that were received.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                page_size=page_size,
                page_token=page_token,
                volume_id=volume_id,
                status=status,
                direction=direction,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    volume_id: str | None = None,
    status: GrantStatus | None = None,
    direction: GrantDirection | None = None,
) -> GrantPage:
    """List grants that the project gave or that the caller received, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        volume_id: Only grants on this volume.
        status: Only grants in this state.
        direction: Only grants that were given, or that were received.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                page_size=page_size,
                page_token=page_token,
                volume_id=volume_id,
                status=status,
                direction=direction,
            )
        )
    )
