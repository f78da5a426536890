from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .task_reason import TaskReason
from .task_status import TaskStatus


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskAttempt(Model):
    """One time that a task was started.

    Attributes:
        number: From 1.
        reason: Why a task ended.
    """

    number: int
    status: TaskStatus
    reason: TaskReason | None = None
    message: str | None = None
    exit_code: int | None = None
    started_at: datetime.datetime | None = None
    finished_at: datetime.datetime | None = None
    output_bytes: int | None = None
