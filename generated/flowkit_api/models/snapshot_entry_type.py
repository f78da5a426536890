from __future__ import annotations

from ..types import OpenEnum


class SnapshotEntryType(OpenEnum):
    """`SnapshotEntryType` of the contract."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
