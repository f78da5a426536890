"""`flow.reservations`: machines that are kept free for the project's tasks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.reservations import (
    cancel_reservation,
    create_reservation,
    get_reservation,
    get_reservation_availability,
    list_reservations,
    update_reservation,
)
from flowkit_api.models import (
    ReservationCreate,
    ReservationSlot,
    ReservationStatus,
    ReservationUpdate,
)

from flowkit._async.paging import listed
from flowkit._async.reservation import AsyncReservation
from flowkit.errors import InvalidRequest, ReservationNotFound
from flowkit.reservation_fields import ReservationFields, reservation_reference
from flowkit.reservation_values import (
    RESERVATION_ID,
    Moment,
    read_instance_type,
    read_moment,
    read_quantity,
    read_reservation_name,
    read_window,
)
from flowkit.volume_values import read_region

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport


class AsyncReservations:
    """Everything that can be done with reservations; one is given by id, by name or as a handle.

    A name means the reservation of that name that has not ended.

    Args:
        api: What to send with.
    """

    def __init__(self, api: AsyncTransport) -> None:
        self._api = api

    async def create(
        self,
        instance_type: str,
        duration: str | float | timedelta | None = None,
        *,
        quantity: int = 1,
        name: str | None = None,
        region: str | None = None,
        start_at: Moment | None = None,
        end_at: Moment | None = None,
        auto_renew: bool = False,
        idempotency_key: str | None = None,
    ) -> AsyncReservation:
        """Keep machines free for the project's tasks, from a time to a time.

        Args:
            instance_type: What to reserve, such as `4xa100-80gb`.
            duration: How long, in place of `end_at`: text such as `2h`, or a number of seconds.
            quantity: How many of them.
            name: Name to find it by, which no other of the project has that has not ended.
            region: Where.
            start_at: When it begins: a datetime, or text such as `2026-11-20 10:00` or `2h`, which
                is in two hours; now unless given.
            end_at: When it ends.
            auto_renew: Extend it by its length when it ends, unless others have reserved its
                machines by then.
            idempotency_key: Makes the call safe to repeat, from other processes too.

        Raises:
            Conflict: not as many are free at the time; the hint names other times.
            NoCapacity: there never are as many.
            AlreadyExists: another reservation that has not ended has the name.
            InvalidRequest: an argument is wrong, or the time is past.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     reservation = await flow.reservations.create("2xl4", "30m", start_at="1h")
            ...     print(reservation.instance_type, reservation.quantity, reservation.status)
            ...     await reservation.cancel()
            2xl4 1 scheduled
        """
        window = read_window(duration, start_at, end_at)
        body = ReservationCreate(
            instance_type=read_instance_type(instance_type),
            quantity=read_quantity(quantity),
            name=None if name is None else read_reservation_name(name),
            region=None if region is None else read_region(region),
            start_at=window.start_at,
            end_at=window.end_at,
            auto_renew=bool(auto_renew) or None,
        )
        request = create_reservation.request(body=body, idempotency_key=idempotency_key)
        return AsyncReservation(await self._api.call(request, create_reservation.parse), self)

    async def get(self, reservation: str | ReservationFields) -> AsyncReservation:
        """Return a reservation as it is now.

        Args:
            reservation: Its id, its name or a handle.

        Raises:
            ReservationNotFound: there is none.
        """
        reference = reservation_reference(reservation)
        if re.fullmatch(RESERVATION_ID, reference):
            request = get_reservation.request(reservation_id=reference)
            return AsyncReservation(await self._api.call(request, get_reservation.parse), self)
        async for found in self.list(name=reference):
            if not found.is_terminal:
                return found
        raise ReservationNotFound(
            f"there is no reservation {reference!r} that has not ended",
            status=404,
            hint="`flowkit reservation ls` lists the reservations",
        )

    async def availability(
        self,
        instance_type: str,
        region: str | None = None,
        *,
        quantity: int = 1,
        earliest_start_at: Moment | None = None,
        latest_end_at: Moment | None = None,
    ) -> list[ReservationSlot]:
        """Return the longest times throughout which machines are free, in order.

        Args:
            instance_type: What is to be free, such as `4xa100-80gb`.
            region: Where.
            quantity: How many of them at a time.
            earliest_start_at: Begin of what is looked at; now unless given.
            latest_end_at: Its end; a week after its begin unless given.

        Raises:
            NoCapacity: there never are as many.
            InvalidRequest: an argument is wrong.
        """
        request = get_reservation_availability.request(
            instance_type=read_instance_type(instance_type),
            quantity=read_quantity(quantity),
            region=None if region is None else read_region(region),
            earliest_start_at=None if earliest_start_at is None else read_moment(earliest_start_at),
            latest_end_at=None if latest_end_at is None else read_moment(latest_end_at),
        )
        return (await self._api.call(request, get_reservation_availability.parse)).slots

    async def update(
        self, reservation: str | ReservationFields, *, auto_renew: bool | None = None
    ) -> AsyncReservation:
        """Change whether a reservation is renewed when it ends; None changes nothing.

        Raises:
            ReservationNotFound: there is none.
            Conflict: it has ended.
        """
        body = ReservationUpdate(auto_renew=auto_renew)
        reservation_id = await self.id_of(reservation)
        request = update_reservation.request(reservation_id=reservation_id, body=body)
        return AsyncReservation(await self._api.call(request, update_reservation.parse), self)

    async def cancel(self, reservation: str | ReservationFields) -> AsyncReservation:
        """End a reservation now, and its tasks; one that has ended stays as it is.

        Raises:
            ReservationNotFound: there is none.
        """
        request = cancel_reservation.request(reservation_id=await self.id_of(reservation))
        return AsyncReservation(await self._api.call(request, cancel_reservation.parse), self)

    async def id_of(self, reservation: str | ReservationFields) -> str:
        """Return the id of a reservation that is given by id, name or handle.

        Raises:
            ReservationNotFound: there is none.
        """
        reference = reservation_reference(reservation)
        if re.fullmatch(RESERVATION_ID, reference):
            return reference
        return (await self.get(reference)).id

    async def list(
        self,
        *,
        status: ReservationStatus | str | None = None,
        name: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AsyncReservation]:
        """Yield the project's reservations, newest first.

        Args:
            status: Only those in this state: `scheduled`, `active`, `expired` or `cancelled`.
            name: Only those of this name.
            limit: Most reservations; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        request = partial(
            list_reservations.request,
            status=None if status is None else _read_status(status),
            name=None if name is None else read_reservation_name(name),
        )
        async for data in listed(self._api, request, list_reservations.parse, limit=limit):
            yield AsyncReservation(data, self)


def _read_status(value: ReservationStatus | str) -> ReservationStatus:
    known = list(ReservationStatus)
    if value in known:
        return ReservationStatus(value)
    raise InvalidRequest(
        f"invalid status {str(value)[:60]!r}", hint=f"one of {', '.join(map(str, known))}"
    )
