from __future__ import annotations

import attrs

from ..codec import Model
from .event import Event


@attrs.define(kw_only=True, slots=False, repr=False)
class EventPage(Model):
    """`EventPage` of the contract."""

    items: list[Event]
    next_page_token: str | None = None
