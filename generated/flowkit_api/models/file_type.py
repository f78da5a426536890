from __future__ import annotations

from ..types import OpenEnum


class FileType(OpenEnum):
    """`FileType` of the contract."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"
