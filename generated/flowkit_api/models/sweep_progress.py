from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepProgress(Model):
    """How many cases there are, and how many of them are in each state."""

    total: int
    pending: int
    active: int
    completed: int
    failed: int
    cancelled: int
