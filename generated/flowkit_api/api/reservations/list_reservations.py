"""List reservations, newest first.

Operation `list_reservations`: GET /v1/reservations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.reservation_page import ReservationPage
    from ...models.reservation_status import ReservationStatus
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
    status: ReservationStatus | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only reservations of this name.
        status: Only reservations in this state.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/reservations",
        params=present(
            ("page_size", page_size), ("page_token", page_token), ("name", name), ("status", status)
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_reservations",
    )


def parse(reply: Reply) -> ReservationPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.reservation_page import ReservationPage

    return decode(reply.content, ReservationPage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
    status: ReservationStatus | None = None,
) -> ReservationPage:
    """List reservations, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only reservations of this name.
        status: Only reservations in this state.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(request(page_size=page_size, page_token=page_token, name=name, status=status))
    )


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    name: str | None = None,
    status: ReservationStatus | None = None,
) -> ReservationPage:
    """List reservations, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        name: Only reservations of this name.
        status: Only reservations in this state.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(page_size=page_size, page_token=page_token, name=name, status=status)
        )
    )
