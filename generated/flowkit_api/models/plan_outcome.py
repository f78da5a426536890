from __future__ import annotations

from ..types import OpenEnum


class PlanOutcome(OpenEnum):
    """`PlanOutcome` of the contract."""

    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "unchecked"
