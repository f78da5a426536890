from __future__ import annotations

from ..types import OpenEnum


class ReservationStatus(OpenEnum):
    """`scheduled` before its time, `active` in it; the last two are final."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
