from __future__ import annotations

import attrs

from ..codec import Model
from .reservation import Reservation


@attrs.define(kw_only=True, slots=False, repr=False)
class ReservationPage(Model):
    """`ReservationPage` of the contract."""

    items: list[Reservation]
    next_page_token: str | None = None
