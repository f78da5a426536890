"""Rows of sweeps, as the rest of the gateway sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flowkit_gateway.store.rows import TERMINAL


@dataclass(slots=True)
class SweepRow:
    """A sweep and how far it is; times are Unix seconds.

    The numbers of cases in each state bear the names of these states.
    """

    id: str
    project: str
    created_by: str
    name: str | None
    status: str
    combine: str
    max_parallel: int | None
    on_failure: str
    created_at: float
    finished_at: float | None = None
    cancel_requested_at: float | None = None
    pending: int = 0
    active: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    last_end: int = 0
    """The highest number that an ended case has in the order of ends."""

    @property
    def total(self) -> int:
        """How many cases there are."""
        return self.pending + self.active + self.completed + self.failed + self.cancelled

    @property
    def terminal(self) -> bool:
        """All cases have ended."""
        return self.status in TERMINAL


class SweepPlan(NamedTuple):
    """What a sweep runs."""

    task: dict[str, object]
    """The contract's `TaskCreate`, without `mount_env`."""
    parameters: dict[str, list[str]]
    encrypted_mount_env: bytes | None = None


class CaseRow(NamedTuple):
    """One combination of values, and what became of its task."""

    number: int
    status: str
    attempt: int
    task_id: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    message: str | None = None
    finished_at: float | None = None
    end_number: int | None = None
