from __future__ import annotations

from ..types import OpenEnum


class VolumeInterface(OpenEnum):
    """`block` is used by one task at a time, `file` by many."""

    BLOCK = "block"
    FILE = "file"
