from __future__ import annotations

from ..types import OpenEnum


class VolumePermission(OpenEnum):
    """`rw` to read and write, `ro` to read only."""

    RW = "rw"
    RO = "ro"
