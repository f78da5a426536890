from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ReservationCreate(Model):
    """`ReservationCreate` of the contract.

    Attributes:
        instance_type: What to reserve, by name, such as `4xa100-80gb`.
        end_at: At most a year after its start.
        name: Unique among those of the project that have not ended.
        quantity: 1 unless given.
        start_at: Now unless given.
        auto_renew: Extend it by its length when it ends, unless others have reserved its
            machines by then.
    """

    instance_type: str
    end_at: datetime.datetime
    name: str | None = None
    quantity: int | None = None
    region: str | None = None
    start_at: datetime.datetime | None = None
    auto_renew: bool | None = None
