from __future__ import annotations

import attrs

from ..codec import Model
from .reservation_slot import ReservationSlot


@attrs.define(kw_only=True, slots=False, repr=False)
class ReservationAvailability(Model):
    """When machines can be reserved.

    Attributes:
        slots: In order; they may overlap where other machines are free later.
    """

    instance_type: str
    region: str
    slots: list[ReservationSlot]
