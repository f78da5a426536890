from __future__ import annotations

import attrs

from ..codec import Model
from .plan_outcome import PlanOutcome


@attrs.define(kw_only=True, slots=False, repr=False)
class PlanCheck(Model):
    """One question asked of a task before it is submitted."""

    name: str
    outcome: PlanOutcome
    detail: str | None = None
