"""Rows of the store as documents of the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowkit_gateway.store.rows import EventRow, TaskRow

_CHANGEABLE = frozenset({"name", "labels", "priority"})
# `caller_env` may hold secrets of the caller's shell: it goes in and never comes out.
_HIDDEN = frozenset({"caller_env"}) | _CHANGEABLE


def timestamp(at: float) -> str:
    """Return a Unix time as RFC 3339 in UTC.

    Example:
        >>> timestamp(0.25)
        '1970-01-01T00:00:00.250000Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def task_document(row: TaskRow, queue_position: int | None) -> dict[str, object]:
    """Return the contract's `Task`, without keys that have no value.

    Args:
        row: the task.
        queue_position: its place in the queue, from 1; None when it is not queued.
    """
    document: dict[str, object] = {"id": row.id, "project": row.project}
    for key, value in row.settings.items():
        if key not in _HIDDEN and value is not None:
            document[key] = value
    optional: tuple[tuple[str, object], ...] = (
        ("name", row.name),
        ("labels", row.labels or None),
        ("created_by", row.created_by),
        ("instance_type", row.instance_type),
        ("reason", row.reason),
        ("message", row.message),
        ("exit_code", row.exit_code),
        ("gpu_indices", row.gpu_indices),
        ("queue_position", queue_position),
        ("output_bytes", row.output_bytes),
        ("output_dropped_bytes", row.output_dropped_bytes),
    )
    for key, value in optional:
        if value is not None:
            document[key] = value
    document["priority"] = row.priority
    document["status"] = row.status
    document["engine"] = row.engine
    document["simulated"] = row.simulated
    document["attempt"] = row.attempt
    document["created_at"] = timestamp(row.created_at)
    if row.started_at is not None:
        document["started_at"] = timestamp(row.started_at)
    if row.finished_at is not None:
        document["finished_at"] = timestamp(row.finished_at)
    if row.cancel_requested_at is not None:
        document["cancel_requested_at"] = timestamp(row.cancel_requested_at)
    return document


def event_document(row: EventRow) -> dict[str, object]:
    """Return the contract's `Event`, without keys that have no value."""
    document: dict[str, object] = {
        "number": row.number,
        "type": row.type,
        "at": timestamp(row.at),
    }
    optional: tuple[tuple[str, object], ...] = (
        ("task_id", row.task_id),
        ("status", row.status),
        ("reason", row.reason),
        ("exit_code", row.exit_code),
        ("message", row.message),
    )
    for key, value in optional:
        if value is not None:
            document[key] = value
    return document
