"""Say when machines can be reserved.

Operation `get_reservation_availability`: GET /v1/reservations:availability
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    import datetime

    from ...models.reservation_availability import ReservationAvailability
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    instance_type: str,
    quantity: int | None = None,
    region: str | None = None,
    earliest_start_at: datetime.datetime | None = None,
    latest_end_at: datetime.datetime | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        instance_type: An instance type by name, such as `4xa100-80gb`.
        quantity: How many of them are needed at a time; 1 unless given.
        region:
        earliest_start_at: Begin of what is looked at; now unless given.
        latest_end_at: End of what is looked at; a week after its begin unless given.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path="/v1/reservations:availability",
        params=present(
            ("instance_type", instance_type),
            ("quantity", quantity),
            ("region", region),
            ("earliest_start_at", earliest_start_at),
            ("latest_end_at", latest_end_at),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_reservation_availability",
    )


def parse(reply: Reply) -> ReservationAvailability:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        When as many are free.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.reservation_availability import ReservationAvailability

    return decode(reply.content, ReservationAvailability)


def sync(
    *,
    client: SyncClient,
    instance_type: str,
    quantity: int | None = None,
    region: str | None = None,
    earliest_start_at: datetime.datetime | None = None,
    latest_end_at: datetime.datetime | None = None,
) -> ReservationAvailability:
    """Say when machines can be reserved.

    Args:
        client: What to send with.
        instance_type: An instance type by name, such as `4xa100-80gb`.
        quantity: How many of them are needed at a time; 1 unless given.
        region:
        earliest_start_at: Begin of what is looked at; now unless given.
        latest_end_at: End of what is looked at; a week after its begin unless given.

    Returns:
        When as many are free.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                instance_type=instance_type,
                quantity=quantity,
                region=region,
                earliest_start_at=earliest_start_at,
                latest_end_at=latest_end_at,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    instance_type: str,
    quantity: int | None = None,
    region: str | None = None,
    earliest_start_at: datetime.datetime | None = None,
    latest_end_at: datetime.datetime | None = None,
) -> ReservationAvailability:
    """Say when machines can be reserved.

    Args:
        client: What to send with.
        instance_type: An instance type by name, such as `4xa100-80gb`.
        quantity: How many of them are needed at a time; 1 unless given.
        region:
        earliest_start_at: Begin of what is looked at; now unless given.
        latest_end_at: End of what is looked at; a week after its begin unless given.

    Returns:
        When as many are free.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                instance_type=instance_type,
                quantity=quantity,
                region=region,
                earliest_start_at=earliest_start_at,
                latest_end_at=latest_end_at,
            )
        )
    )
