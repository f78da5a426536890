from __future__ import annotations

import attrs

from ..codec import Model
from .garbage_kind import GarbageKind


@attrs.define(kw_only=True, slots=False, repr=False)
class GarbageCollection(Model):
    """`GarbageCollection` of the contract.

    Attributes:
        dry_run: Remove nothing.
        older_than: Seconds since the last use; what the gateway keeps to by itself unless
            given.
        kinds: What to look at; everything unless given.
    """

    dry_run: bool | None = None
    older_than: float | None = None
    kinds: list[GarbageKind] | None = None
