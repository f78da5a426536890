"""Rows of the store as documents of the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowkit.sweeps import Cases
    from flowkit_gateway.store.attempts import AttemptRow
    from flowkit_gateway.store.reservations import ReservationRow
    from flowkit_gateway.store.rows import EventRow, TaskRow
    from flowkit_gateway.store.sweep_rows import CaseRow, SweepPlan, SweepRow


@lru_cache(maxsize=1024)
def timestamp(at: float) -> str:
    """Return a Unix time as RFC 3339 in UTC.

    Example:
        >>> timestamp(0.25)
        '1970-01-01T00:00:00.250000Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def task_document(
    row: TaskRow, queue_position: int | None, waits_for: Sequence[str] = ()
) -> dict[str, object]:
    """Return the contract's `Task`, without keys that have no value.

    Args:
        row: the task.
        queue_position: its place in the queue, from 1; None when it is not queued.
        waits_for: tasks that keep it from being queued.
    """
    document: dict[str, object] = {
        **row.settings,
        "id": row.id,
        "project": row.project,
        "created_by": row.created_by,
        "name": row.name,
        "labels": row.labels or None,
        "priority": row.priority,
        "status": row.status,
        "reason": row.reason,
        "message": row.message,
        "exit_code": row.exit_code,
        "engine": row.engine,
        "simulated": row.simulated,
        "gpu_indices": row.gpu_indices or None,
        "attempt": row.attempt,
        "created_at": timestamp(row.created_at),
        "started_at": _timestamp_or_none(row.started_at),
        "finished_at": _timestamp_or_none(row.finished_at),
        "cancel_requested_at": _timestamp_or_none(row.cancel_requested_at),
        "held_at": _timestamp_or_none(row.held_at),
        "retry_at": _timestamp_or_none(row.retry_at) if row.status == "pending" else None,
        "waits_for": waits_for or None,
        "queue_position": queue_position,
        "output_bytes": row.output_bytes,
        "output_dropped_bytes": row.output_dropped_bytes,
        # It may hold secrets of the caller's shell: it goes in and never comes out.
        "caller_env": None,
    }
    if row.instance_type is not None:
        document["instance_type"] = row.instance_type
    return _without_none(document)


def attempt_document(row: AttemptRow) -> dict[str, object]:
    """Return the contract's `TaskAttempt`, without keys that have no value."""
    return _without_none(
        {
            **row._asdict(),
            "started_at": _timestamp_or_none(row.started_at),
            "finished_at": _timestamp_or_none(row.finished_at),
        }
    )


def event_document(row: EventRow) -> dict[str, object]:
    """Return the contract's `Event`, without keys that have no value."""
    return _without_none(
        {
            "number": row.number,
            "type": row.type,
            "at": timestamp(row.at),
            "task_id": row.task_id,
            "status": row.status,
            "reason": row.reason,
            "exit_code": row.exit_code,
            "message": row.message,
        }
    )


def reservation_document(row: ReservationRow) -> dict[str, object]:
    """Return the contract's `Reservation`, without keys that have no value."""
    return _without_none(
        {
            "id": row.id,
            "name": row.name,
            "project": row.project,
            "created_by": row.created_by,
            "instance_type": row.instance_type,
            "quantity": row.quantity,
            "region": row.region,
            "start_at": timestamp(row.start_at),
            "end_at": timestamp(row.end_at),
            "auto_renew": row.auto_renew,
            "status": row.status,
            "message": row.message,
            "simulated": row.simulated,
            "created_at": timestamp(row.created_at),
            "ended_at": _timestamp_or_none(row.ended_at),
        }
    )


def sweep_document(row: SweepRow, plan: SweepPlan) -> dict[str, object]:
    """Return the contract's `Sweep`, without keys that have no value."""
    return _without_none(
        {
            "id": row.id,
            "name": row.name,
            "project": row.project,
            "created_by": row.created_by,
            "status": row.status,
            # As of a task, what may hold secrets of the caller's shell never comes out.
            "task": {key: value for key, value in plan.task.items() if key != "caller_env"},
            "parameters": [
                {"name": name, "values": values} for name, values in plan.parameters.items()
            ],
            "combine": row.combine,
            "max_parallel": row.max_parallel,
            "on_failure": row.on_failure,
            "progress": {
                "total": row.total,
                "pending": row.pending,
                "active": row.active,
                "completed": row.completed,
                "failed": row.failed,
                "cancelled": row.cancelled,
            },
            "created_at": timestamp(row.created_at),
            "finished_at": _timestamp_or_none(row.finished_at),
            "cancel_requested_at": _timestamp_or_none(row.cancel_requested_at),
        }
    )


def sweep_case_document(row: CaseRow, cases: Cases) -> dict[str, object]:
    """Return the contract's `SweepCase`, without keys that have no value."""
    return _without_none(
        {
            "number": row.number,
            "parameters": cases[row.number],
            "status": row.status,
            "attempt": row.attempt,
            "task_id": row.task_id,
            "exit_code": row.exit_code,
            "reason": row.reason,
            "message": row.message,
            "finished_at": _timestamp_or_none(row.finished_at),
        }
    )


def _timestamp_or_none(at: float | None) -> str | None:
    return None if at is None else timestamp(at)


def _without_none(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if value is not None}
