from __future__ import annotations

from ..types import OpenEnum


class RetryCause(OpenEnum):
    """How an attempt ended: `error` is an exit code other than 0."""

    ERROR = "error"
    PREEMPTED = "preempted"
    NODE_LOST = "node_lost"
    OUT_OF_MEMORY = "out_of_memory"
    MAX_RUN_TIME = "max_run_time"
    START_FAILED = "start_failed"
