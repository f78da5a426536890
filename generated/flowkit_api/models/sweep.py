from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .sweep_combination import SweepCombination
from .sweep_failure_policy import SweepFailurePolicy
from .sweep_parameter import SweepParameter
from .sweep_progress import SweepProgress
from .sweep_status import SweepStatus
from .task_settings import TaskSettings


@attrs.define(kw_only=True, slots=False, repr=False)
class Sweep(Model):
    """One task, run for every combination of the values of its parameters.

    Attributes:
        status: `stopping` from a cancel, or a failure that stops the sweep, to the end of the
            last task; the last three are final until a retry.
        task: What is asked of a task.
        combine: `product` for every combination of values, the last parameter changing fastest;
            `zip` for the first values of all, the second values of all, and so on.
        on_failure: What a failed case means for the others: `continue` for nothing; `stop`
            cancels those that run and starts no more.
        progress: How many cases there are, and how many of them are in each state.
        name: That of the task.
    """

    id: str
    project: str
    status: SweepStatus
    task: TaskSettings
    parameters: list[SweepParameter]
    combine: SweepCombination
    on_failure: SweepFailurePolicy
    progress: SweepProgress
    created_at: datetime.datetime
    name: str | None = None
    created_by: str | None = None
    max_parallel: int | None = None
    finished_at: datetime.datetime | None = None
    cancel_requested_at: datetime.datetime | None = None
