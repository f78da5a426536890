from __future__ import annotations

import attrs

from ..codec import Model
from .instance_type import InstanceType


@attrs.define(kw_only=True, slots=False, repr=False)
class InstanceTypePage(Model):
    """`InstanceTypePage` of the contract."""

    items: list[InstanceType]
    next_page_token: str | None = None
