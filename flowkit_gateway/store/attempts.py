"""Attempts that were followed by another one, with the SQL that keeps them."""

from __future__ import annotations

from typing import NamedTuple

from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.rows import TaskRow

_COLUMNS = "number, status, reason, message, exit_code, started_at, finished_at, output_bytes"


class AttemptRow(NamedTuple):
    """One time that a task was started. Times are Unix seconds."""

    number: int
    status: str
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    started_at: float | None = None
    finished_at: float | None = None
    output_bytes: int | None = None

    @classmethod
    def newest(cls, row: TaskRow) -> AttemptRow:
        """Return the newest attempt of a task, which is in the task's own row."""
        return cls(
            row.attempt,
            row.status,
            row.reason,
            row.message,
            row.exit_code,
            row.started_at,
            row.finished_at,
            row.output_bytes,
        )


class EarlierAttempts:
    """The attempts of tasks before their newest.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, connection: Transaction, task_id: str, attempt: AttemptRow) -> None:
        """Write down an attempt, in the transaction that makes place for the next one."""
        connection.execute(
            f"INSERT INTO task_attempts (task_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (task_id, *attempt),
        )

    def delete(self, connection: Transaction, task_id: str) -> None:
        """Forget the attempts of a task, in the transaction that deletes it."""
        connection.execute("DELETE FROM task_attempts WHERE task_id = ?", (task_id,))

    def of(self, task_id: str, *, before: int, limit: int) -> list[AttemptRow]:
        """Return the attempts of a task before one of a number, newest first."""
        query = (
            f"SELECT {_COLUMNS} FROM task_attempts WHERE task_id = ? AND number < ?"
            " ORDER BY number DESC LIMIT ?"
        )
        return [AttemptRow(*row) for row in self._database.read(query, (task_id, before, limit))]

    def find(self, task_id: str, number: int) -> AttemptRow | None:
        """Return an attempt that was followed by another one, or is to be."""
        found = self.of(task_id, before=number + 1, limit=1)
        return found[0] if found and found[0].number == number else None
