from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .sweep_case_status import SweepCaseStatus
from .task_reason import TaskReason


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepCase(Model):
    """One combination of values, and what became of its task.

    Attributes:
        number: Place in the sweep, from 0.
        parameters: The value of each parameter.
        status: `pending` has no task yet, `active` one that has not ended.
        attempt: How often the case is run, with retries, from 1.
        task_id: The task of this attempt.
        exit_code: That of the task.
        reason: Why a task ended.
        message: The reason in words.
    """

    number: int
    parameters: dict[str, str]
    status: SweepCaseStatus
    attempt: int
    task_id: str | None = None
    exit_code: int | None = None
    reason: TaskReason | None = None
    message: str | None = None
    finished_at: datetime.datetime | None = None
