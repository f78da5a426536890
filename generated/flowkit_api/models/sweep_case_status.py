from __future__ import annotations

from ..types import OpenEnum


class SweepCaseStatus(OpenEnum):
    """`pending` has no task yet, `active` one that has not ended."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
