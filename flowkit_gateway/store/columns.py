"""Task rows as values of the columns of `tasks`, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from flowkit_gateway.store.rows import Placement, TaskRow

Value = str | int | float | None

# In the order of the fields of `TaskRow`.
TASK_COLUMNS = (
    "id, project, created_by, status, settings, engine, created_at, name, labels, priority,"
    " simulated, reason, message, exit_code, instance_type, placement, attempt, started_at,"
    " finished_at, cancel_requested_at, output_bytes, output_dropped_bytes, version,"
    " held_at, retry_at, retries"
)
SELECT_TASK = f"SELECT {TASK_COLUMNS} FROM tasks"
INSERT_TASK = f"INSERT INTO tasks ({TASK_COLUMNS}) VALUES ({', '.join('?' * 26)})"

_placement_decoder = msgspec.json.Decoder(Placement)


def column(value: object) -> Value:
    """Return the column's value of a field's value."""
    if isinstance(value, Placement | dict):
        return msgspec.json.encode(value).decode()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"no column holds a {type(value).__name__}")


def task_values(row: TaskRow) -> tuple[Value, ...]:
    """Return the values of all columns."""
    return (
        row.id,
        row.project,
        row.created_by,
        row.status,
        column(row.settings),
        row.engine,
        row.created_at,
        row.name,
        column(row.labels or {}),
        row.priority,
        row.simulated,
        row.reason,
        row.message,
        row.exit_code,
        row.instance_type,
        column(row.placement),
        row.attempt,
        row.started_at,
        row.finished_at,
        row.cancel_requested_at,
        row.output_bytes,
        row.output_dropped_bytes,
        row.version,
        row.held_at,
        row.retry_at,
        row.retries,
    )


def task_row(values: tuple[Any, ...]) -> TaskRow:
    """Return the row that the values of all columns stand for."""
    row = TaskRow(*values)
    row.settings = msgspec.json.decode(values[4])
    row.labels = msgspec.json.decode(values[8])
    row.simulated = bool(values[10])
    if values[15] is not None:
        row.placement = _placement_decoder.decode(values[15])
    return row
