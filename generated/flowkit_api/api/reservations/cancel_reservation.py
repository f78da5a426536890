"""End a reservation now.

Its machines are free for others, and its tasks are ended as at its end. One that has ended
is answered as it is.

Operation `cancel_reservation`: POST /v1/reservations/{reservation_id}:cancel
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
        method="POST",
        path=f"/v1/reservations/{path_segment(reservation_id)}:cancel",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="cancel_reservation",
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
    """End a reservation now.

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
    """End a reservation now.

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
