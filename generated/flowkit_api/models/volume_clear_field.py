from __future__ import annotations

from ..types import OpenEnum


class VolumeClearField(OpenEnum):
    """`VolumeClearField` of the contract."""

    NAME = "name"
