"""A reservation that can be looked at, changed and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from flowkit.reservation_fields import ReservationFields

if TYPE_CHECKING:
    from flowkit_api.models.reservation import Reservation as ReservationData

    from flowkit._async.reservations import AsyncReservations


class AsyncReservation(ReservationFields):
    """A reservation: its fields as they were last seen, and what can be done with it.

    Attributes:
        data: All fields, as the contract has them.

    Example:
        >>> async with AsyncFlow() as flow:
        ...     reservation = await flow.reserve("2xt4", "1h")
        ...     task = await flow.run("echo inside", gpu="t4:2", reservation=reservation)
        ...     print((await task.wait()).status, reservation.status)
        ...     print((await reservation.cancel()).status)
        completed active
        cancelled
    """

    __slots__ = ("_reservations",)

    def __init__(self, data: ReservationData, reservations: AsyncReservations) -> None:
        super().__init__(data)
        self._reservations = reservations

    async def refresh(self) -> Self:
        """Fetch the fields as they are now."""
        self.data = (await self._reservations.get(self)).data
        return self

    async def update(self, *, auto_renew: bool | None = None) -> Self:
        """Change whether it is renewed when it ends; None changes nothing.

        Raises:
            Conflict: it has ended.
        """
        self.data = (await self._reservations.update(self, auto_renew=auto_renew)).data
        return self

    async def cancel(self) -> Self:
        """End the reservation now, and its tasks; one that has ended stays as it is."""
        self.data = (await self._reservations.cancel(self)).data
        return self
