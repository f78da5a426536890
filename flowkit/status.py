"""The states of a task and the reasons for its end, as the contract names them."""

from __future__ import annotations

from flowkit_api.models.task_reason import TaskReason
from flowkit_api.models.task_status import TaskStatus

__all__ = ["TERMINAL", "TaskReason", "TaskStatus", "is_terminal"]

TERMINAL = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})


def is_terminal(status: TaskStatus) -> bool:
    """Say whether a task in this state has ended.

    Example:
        >>> is_terminal(TaskStatus.FAILED), is_terminal(TaskStatus("rebooting"))
        (True, False)
    """
    return status in TERMINAL
