from __future__ import annotations

from ..types import OpenEnum


class TaskStatus(OpenEnum):
    """`TaskStatus` of the contract."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    PREEMPTING = "preempting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
