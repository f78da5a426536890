from __future__ import annotations

from ..types import OpenEnum


class TaskReason(OpenEnum):
    """Why a task ended."""

    EXITED = "exited"
    CANCELLED = "cancelled"
    MAX_RUN_TIME = "max_run_time"
    OUT_OF_MEMORY = "out_of_memory"
    NODE_LOST = "node_lost"
    START_FAILED = "start_failed"
    DEPENDENCY_FAILED = "dependency_failed"
    NO_CAPACITY = "no_capacity"
    PREEMPTED = "preempted"
    RESERVATION_ENDED = "reservation_ended"
