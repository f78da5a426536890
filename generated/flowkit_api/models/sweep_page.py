from __future__ import annotations

import attrs

from ..codec import Model
from .sweep import Sweep


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepPage(Model):
    """`SweepPage` of the contract."""

    items: list[Sweep]
    next_page_token: str | None = None
