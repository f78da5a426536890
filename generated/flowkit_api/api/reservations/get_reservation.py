"""Get a reservation.

Operation `get_reservation`: GET /v1/reservations/{reservation_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.reservation import Reservation
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, reservation_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        reservation_id: The reservation's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/reservations/{path_segment(reservation_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_reservation",
    )


def parse(reply: Reply) -> Reservation:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The reservation.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.reservation import Reservation

    return decode(reply.content, Reservation)


def sync(*, client: SyncClient, reservation_id: str) -> Reservation:
    """Get a reservation.

    Args:
        client: What to send with.
        reservation_id: The reservation's id.

    Returns:
        The reservation.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(reservation_id=reservation_id)))


async def asyncio(*, client: AsyncioClient, reservation_id: str) -> Reservation:
    """Get a reservation.

    Args:
        client: What to send with.
        reservation_id: The reservation's id.

    Returns:
        The reservation.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(reservation_id=reservation_id)))
