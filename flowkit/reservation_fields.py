"""What a reservation handle shows of its reservation, and what people write to name one."""

from __future__ import annotations

import re
from datetime import datetime

from flowkit_api.models.reservation import Reservation as ReservationData
from flowkit_api.models.reservation_status import ReservationStatus

from flowkit.errors import ReservationNotFound
from flowkit.handle_fields import Field
from flowkit.reservation_values import RESERVATION_NAME

TERMINAL = frozenset({ReservationStatus.EXPIRED, ReservationStatus.CANCELLED})


class ReservationFields:
    """The fields of a reservation as they were when the gateway last told them.

    Attributes:
        data: All of them, as the contract has them.
    """

    __slots__ = ("data",)

    def __init__(self, data: ReservationData) -> None:
        self.data = data

    id = Field[str]()
    name = Field[str | None]()
    project = Field[str]()
    created_by = Field[str | None]()
    instance_type = Field[str]()
    quantity = Field[int]()
    region = Field[str]()
    start_at = Field[datetime]()
    end_at = Field[datetime]()
    auto_renew = Field[bool]()
    status = Field[ReservationStatus]()
    message = Field[str | None]()
    simulated = Field[bool]()
    created_at = Field[datetime]()
    ended_at = Field[datetime | None]()

    @property
    def reservation_id(self) -> str:
        """The same as `id`."""
        return self.data.id

    @property
    def is_terminal(self) -> bool:
        """Whether the reservation has ended."""
        return self.data.status in TERMINAL

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are present, as JSON has them."""
        return self.data.to_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReservationFields) and self.data.id == other.data.id

    def __hash__(self) -> int:
        return hash(self.data.id)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name is not None else ""
        held = f"{self.quantity} {self.instance_type}"
        return f"<{type(self).__name__} {self.id}{name} {held} {self.status}>"


def reservation_reference(reservation: str | ReservationFields) -> str:
    """Return the id or name that a reservation is given by.

    Raises:
        ReservationNotFound: the text cannot be either.

    Example:
        >>> reservation_reference("nightly")
        'nightly'
    """
    if isinstance(reservation, ReservationFields):
        return reservation.id
    if isinstance(reservation, str) and re.fullmatch(RESERVATION_NAME, reservation):
        return reservation
    is_text = isinstance(reservation, str)
    shown = repr(reservation[:80]) if is_text else f"of type {type(reservation).__name__}"
    raise ReservationNotFound(
        f"there is no reservation {shown}",
        status=404,
        hint="give its name, or its id, which is reservation_ and 26 letters or digits",
    )
