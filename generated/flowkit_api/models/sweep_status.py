from __future__ import annotations

from ..types import OpenEnum


class SweepStatus(OpenEnum):
    """`stopping` from a cancel, or a failure that stops the sweep, to the end of the last task; the
    last three are final until a retry."""

    RUNNING = "running"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
