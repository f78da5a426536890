"""Which tasks go before which, with the SQL that keeps it."""

from __future__ import annotations

from typing import NamedTuple, cast

from flowkit_gateway.problems import Conflict
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.rows import TaskRow

_BEHIND = (
    "SELECT t.id FROM task_dependencies d JOIN tasks t ON t.id = d.task_id"
    " WHERE d.depends_on = ? AND t.status = 'pending' ORDER BY t.id"
)


class Dependency(NamedTuple):
    """A task that goes before another one, as it is now."""

    task_id: str
    condition: str
    """A `DependencyCondition` of the contract."""
    status: str | None
    """None when it was deleted."""


class Dependencies:
    """The dependencies of the tasks of one store.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write down what a new task depends on, in the transaction that creates it."""
        wanted = cast("list[dict[str, str]]", row.settings.get("depends_on") or [])
        connection.executemany(
            "INSERT INTO task_dependencies (task_id, depends_on, condition) VALUES (?, ?, ?)",
            [(row.id, each["task"], each["condition"]) for each in wanted],
        )

    def refuse_to_delete(self, task_id: str) -> None:
        """Raise Conflict if another task is still to look at how this one ended."""
        _refuse_if_any(self.behind(task_id), task_id)

    def delete(self, connection: Transaction, task_id: str) -> None:
        """Forget what a task depended on, in the transaction that deletes it.

        Raises:
            Conflict: another task is still to look at how this one ended.
        """
        found = connection.execute(_BEHIND, (task_id,)).fetchall()
        _refuse_if_any([row[0] for row in found], task_id)
        connection.execute("DELETE FROM task_dependencies WHERE task_id = ?", (task_id,))

    def of(self, task_id: str) -> list[Dependency]:
        """Return what a task depends on."""
        query = (
            "SELECT d.depends_on, d.condition, t.status FROM task_dependencies d"
            " LEFT JOIN tasks t ON t.id = d.depends_on WHERE d.task_id = ? ORDER BY d.depends_on"
        )
        return [Dependency(*row) for row in self._database.read(query, (task_id,))]

    def behind(self, task_id: str) -> list[str]:
        """Return the tasks that are pending and depend on this one, oldest first."""
        return [row[0] for row in self._database.read(_BEHIND, (task_id,))]


def _refuse_if_any(behind: list[str], task_id: str) -> None:
    if behind:
        raise Conflict(
            f"{behind[0]} depends on {task_id} and has not started",
            hint="cancel that one first, or wait until it has started",
        )
