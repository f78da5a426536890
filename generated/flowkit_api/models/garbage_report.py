from __future__ import annotations

import attrs

from ..codec import Model
from .garbage_item import GarbageItem


@attrs.define(kw_only=True, slots=False, repr=False)
class GarbageReport(Model):
    """`GarbageReport` of the contract.

    Attributes:
        size_bytes: Of all of it.
    """

    dry_run: bool
    items: list[GarbageItem]
    size_bytes: int
