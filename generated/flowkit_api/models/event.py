from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .task_reason import TaskReason
from .task_status import TaskStatus


@attrs.define(kw_only=True, slots=False, repr=False)
class Event(Model):
    """Something that happened.

    Attributes:
        number: Place in the project's sequence.
        type: Such as `task.created` or `task.running`.
        reason: Why a task ended.
    """

    number: int
    type: str
    at: datetime.datetime
    task_id: str | None = None
    status: TaskStatus | None = None
    reason: TaskReason | None = None
    exit_code: int | None = None
    message: str | None = None
