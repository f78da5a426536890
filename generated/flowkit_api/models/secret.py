from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class Secret(Model):
    """A named value; the value itself is never answered."""

    name: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    created_by: str | None = None
