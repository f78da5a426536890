from __future__ import annotations

import attrs

from ..codec import Model
from .sweep_combination import SweepCombination
from .sweep_failure_policy import SweepFailurePolicy
from .sweep_parameter import SweepParameter
from .task_create import TaskCreate


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepCreate(Model):
    """`SweepCreate` of the contract.

    Attributes:
        task: A task to submit.
        parameters: Their combinations are the cases, at most 10000.
        combine: `product` for every combination of values, the last parameter changing fastest;
            `zip` for the first values of all, the second values of all, and so on.
        max_parallel: Most cases that run at any moment; all unless given. A gateway on a
            cluster creates the tasks of the others too, and they wait in the cluster's queue.
        on_failure: What a failed case means for the others: `continue` for nothing; `stop`
            cancels those that run and starts no more.
    """

    task: TaskCreate
    parameters: list[SweepParameter]
    combine: SweepCombination | None = None
    max_parallel: int | None = None
    on_failure: SweepFailurePolicy | None = None
