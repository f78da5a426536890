from __future__ import annotations

import attrs

from ..codec import Model
from .volume import Volume


@attrs.define(kw_only=True, slots=False, repr=False)
class VolumePage(Model):
    """`VolumePage` of the contract."""

    items: list[Volume]
    next_page_token: str | None = None
