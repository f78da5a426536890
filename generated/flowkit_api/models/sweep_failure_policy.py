from __future__ import annotations

from ..types import OpenEnum


class SweepFailurePolicy(OpenEnum):
    """What a failed case means for the others: `continue` for nothing; `stop` cancels those that run
    and starts no more."""

    CONTINUE = "continue"
    STOP = "stop"
