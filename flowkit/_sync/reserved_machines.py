# Written by `make regen` from flowkit/_async/reserved_machines.py: edit that file.
"""What a `Flow` can do with machines that are kept free."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flowkit._sync.connection import Connection

if TYPE_CHECKING:
    from flowkit_api.models import ReservationSlot, ReservationStatus

    from flowkit._sync.reservation import Reservation
    from flowkit._sync.reservations import Reservations
    from flowkit.reservation_values import Moment


class ReservedMachines(Connection):
    """The part of `Flow` that is about reservations."""

    @cached_property
    def reservations(self) -> Reservations:
        """Everything that can be done with reservations."""
        from flowkit._sync.reservations import Reservations

        return Reservations(self.api)

    def reserve(
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
    ) -> Reservation:
        """Keep machines free for the project's tasks, which name it as their `reservation`.

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
        """
        return self.reservations.create(
            instance_type,
            duration,
            quantity=quantity,
            name=name,
            region=region,
            start_at=start_at,
            end_at=end_at,
            auto_renew=auto_renew,
            idempotency_key=idempotency_key,
        )

    def get_reservation(self, reservation: str | Reservation) -> Reservation:
        """Return a reservation as it is now.

        Args:
            reservation: Its id, its name or a handle.

        Raises:
            ReservationNotFound: there is none.
        """
        return self.reservations.get(reservation)

    def list_reservations(
        self, status: ReservationStatus | str | None = None, limit: int | None = 100
    ) -> list[Reservation]:
        """Return the project's reservations, newest first.

        Args:
            status: Only those in this state: `scheduled`, `active`, `expired` or `cancelled`.
            limit: Most reservations; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        return [each for each in self.reservations.list(status=status, limit=limit)]

    def reservation_availability(
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

        Example:
            >>> with Flow() as flow:
            ...     slots = flow.reservation_availability("8xh200", latest_end_at="1d")
            ...     print([slot.quantity for slot in slots])
            [1]
        """
        return self.reservations.availability(
            instance_type,
            region,
            quantity=quantity,
            earliest_start_at=earliest_start_at,
            latest_end_at=latest_end_at,
        )

    def cancel_reservation(self, reservation: str | Reservation) -> Reservation:
        """End a reservation now, and its tasks; one that has ended stays as it is.

        Args:
            reservation: Its id, its name or a handle.

        Raises:
            ReservationNotFound: there is none.
        """
        return self.reservations.cancel(reservation)
