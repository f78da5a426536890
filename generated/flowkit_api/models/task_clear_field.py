from __future__ import annotations

from ..types import OpenEnum


class TaskClearField(OpenEnum):
    """`TaskClearField` of the contract."""

    NAME = "name"
    LABELS = "labels"
    PRIORITY = "priority"
