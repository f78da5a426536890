from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .reservation_status import ReservationStatus


@attrs.define(kw_only=True, slots=False, repr=False)
class Reservation(Model):
    """Machines that are kept free for a project's tasks.

    Attributes:
        status: `scheduled` before its time, `active` in it; the last two are final.
        simulated: The GPUs are simulated.
        message: Why it ended before it was to.
    """

    id: str
    project: str
    instance_type: str
    quantity: int
    region: str
    start_at: datetime.datetime
    end_at: datetime.datetime
    auto_renew: bool
    status: ReservationStatus
    simulated: bool
    created_at: datetime.datetime
    name: str | None = None
    created_by: str | None = None
    message: str | None = None
    ended_at: datetime.datetime | None = None
