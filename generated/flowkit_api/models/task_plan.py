from __future__ import annotations

import attrs

from ..codec import Model
from .engine_name import EngineName
from .money import Money
from .plan_check import PlanCheck


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskPlan(Model):
    """What submitting a task would do.

    Attributes:
        feasible: Submitting would be accepted.
        engine: What runs the tasks.
        gpu: The GPU request that would be placed.
        starts_now: Capacity for it is free at this moment.
    """

    feasible: bool
    engine: EngineName
    simulated: bool
    num_instances: int
    checks: list[PlanCheck]
    gpu: str | None = None
    instance_type: str | None = None
    price_per_hour: Money | None = None
    starts_now: bool | None = None
    warning: str | None = None
