"""Change whether a reservation is renewed when it ends.

Operation `update_reservation`: PATCH /v1/reservations/{reservation_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.reservation import Reservation
    from ...models.reservation_update import ReservationUpdate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, reservation_id: str, body: ReservationUpdate) -> Request:
    """Make the request, and send nothing.

    Args:
        reservation_id: The reservation's id.
        body: What to change; what is absent stays.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="PATCH",
        path=f"/v1/reservations/{path_segment(reservation_id)}",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="update_reservation",
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


def sync(*, client: SyncClient, reservation_id: str, body: ReservationUpdate) -> Reservation:
    """Change whether a reservation is renewed when it ends.

    Args:
        client: What to send with.
        reservation_id: The reservation's id.
        body: What to change; what is absent stays.

    Returns:
        The reservation.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(reservation_id=reservation_id, body=body)))


async def asyncio(
    *, client: AsyncioClient, reservation_id: str, body: ReservationUpdate
) -> Reservation:
    """Change whether a reservation is renewed when it ends.

    Args:
        client: What to send with.
        reservation_id: The reservation's id.
        body: What to change; what is absent stays.

    Returns:
        The reservation.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(reservation_id=reservation_id, body=body)))
