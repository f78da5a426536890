from __future__ import annotations

import attrs

from ..codec import Model
from .snapshot_entry import SnapshotEntry


@attrs.define(kw_only=True, slots=False, repr=False)
class SnapshotCreate(Model):
    """`SnapshotCreate` of the contract.

    Attributes:
        base_snapshot_id: A snapshot that this one differs from by `entries` and `removed` only.
        removed: Paths of the base that are not in this one.
    """

    entries: list[SnapshotEntry]
    base_snapshot_id: str | None = None
    removed: list[str] | None = None
