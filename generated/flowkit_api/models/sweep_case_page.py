from __future__ import annotations

import attrs

from ..codec import Model
from .sweep_case import SweepCase


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepCasePage(Model):
    """`SweepCasePage` of the contract."""

    items: list[SweepCase]
    next_page_token: str | None = None
