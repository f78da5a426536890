from __future__ import annotations

import attrs

from ..codec import Model
from .snapshot_entry_type import SnapshotEntryType


@attrs.define(kw_only=True, slots=False, repr=False)
class SnapshotEntry(Model):
    """A file, a directory or a symbolic link of a source tree."""

    path: str
    type: SnapshotEntryType
    mode: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    target: str | None = None
