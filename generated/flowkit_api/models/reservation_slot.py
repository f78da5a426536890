from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ReservationSlot(Model):
    """A time throughout which machines are free.

    Attributes:
        quantity: How many instances are free throughout.
    """

    start_at: datetime.datetime
    end_at: datetime.datetime
    quantity: int
