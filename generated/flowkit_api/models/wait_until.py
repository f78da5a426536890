from __future__ import annotations

from ..types import OpenEnum


class WaitUntil(OpenEnum):
    """`WaitUntil` of the contract."""

    RUNNING = "running"
    TERMINAL = "terminal"
