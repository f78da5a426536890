from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .garbage_kind import GarbageKind


@attrs.define(kw_only=True, slots=False, repr=False)
class GarbageItem(Model):
    """`GarbageItem` of the contract.

    Attributes:
        used_at: When it was last used.
    """

    kind: GarbageKind
    name: str
    size_bytes: int
    used_at: datetime.datetime | None = None
