from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ReservationUpdate(Model):
    """What to change; what is absent stays."""

    auto_renew: bool | None = None
