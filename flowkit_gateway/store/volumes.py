"""Volumes, and which tasks use them, with the SQL that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Database, Transaction


@dataclass(slots=True)
class VolumeRow:
    """A volume. Times are Unix seconds."""

    id: str
    project: str
    """Whose it is."""
    created_by: str
    name: str | None
    size_gb: int
    interface: str
    """`block` or `file`; it never changes."""
    region: str
    permission: str
    """`rw` or `ro`, the most that anyone may do."""
    cloneable: bool
    created_at: float


class VolumeUser(NamedTuple):
    """A task that has not ended and uses a volume."""

    task_id: str
    project: str


_COLUMNS = ", ".join(field.name for field in fields(VolumeRow))
_SELECT = f"SELECT {_COLUMNS} FROM volumes"
_PLACES = ", ".join("?" * len(fields(VolumeRow)))
_SHARED = "SELECT volume_id FROM grants WHERE status = 'accepted' AND principal IN (?, ?)"


class VolumeTable:
    """The volumes of one gateway.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, volume_id: str) -> VolumeRow | None:
        """Return a volume of any project."""
        return self._one(f"{_SELECT} WHERE id = ?", (volume_id,))

    def named(self, project: str, name: str) -> VolumeRow | None:
        """Return the volume of a project that has a name."""
        return self._one(f"{_SELECT} WHERE project = ? AND name = ?", (project, name))

    def visible(
        self,
        project: str,
        principals: tuple[str, str],
        *,
        name: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[VolumeRow]:
        """Return a project's volumes and those shared with the caller, newest first.

        Args:
            project: the caller's.
            principals: names by which grants mean the caller.
            name: only volumes of this name.
            before: only volumes that are older than this id.
            limit: most rows to return.
        """
        query = f"{_SELECT} WHERE (project = ? OR id IN ({_SHARED}))"
        values: list[Value] = [project, *principals]
        if name is not None:
            query += " AND name = ?"
            values.append(name)
        if before is not None:
            query += " AND id < ?"
            values.append(before)
        found = self._database.read(f"{query} ORDER BY id DESC LIMIT ?", (*values, limit))
        return [_row(values) for values in found]

    def users(self, volume_id: str) -> list[VolumeUser]:
        """Return the tasks that have not ended and use a volume, oldest first."""
        query = "SELECT task_id, project FROM task_volumes WHERE volume_id = ? ORDER BY task_id"
        return [VolumeUser(*values) for values in self._database.read(query, (volume_id,))]

    def ids(self) -> set[str]:
        """Return the ids of all volumes."""
        return {str(found[0]) for found in self._database.read("SELECT id FROM volumes")}

    def discarded(self) -> list[str]:
        """Return the volumes whose directories are to go."""
        return [str(found[0]) for found in self._database.read("SELECT id FROM discarded_volumes")]

    def _one(self, query: str, values: Sequence[Value]) -> VolumeRow | None:
        found = self._database.read(query, values)
        return _row(found[0]) if found else None


def _row(values: Sequence[object]) -> VolumeRow:
    row = VolumeRow(*values)  # type: ignore[arg-type]  # the columns are the fields
    row.cloneable = bool(row.cloneable)
    return row


def insert(connection: Transaction, row: VolumeRow) -> bool:
    """Add a volume; return False when its project has one of its name."""
    cursor = connection.execute(
        f"INSERT INTO volumes ({_COLUMNS}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING", astuple(row)
    )
    return cursor.rowcount == 1


def find(connection: Transaction, volume_id: str) -> VolumeRow | None:
    """Return a volume as it is within a transaction."""
    found = connection.execute(f"{_SELECT} WHERE id = ?", (volume_id,)).fetchone()
    return _row(found) if found else None


def name_is_taken(connection: Transaction, project: str, name: str, but_for: str) -> bool:
    """Say whether another volume of the project has a name."""
    query = "SELECT 1 FROM volumes WHERE project = ? AND name = ? AND id != ?"
    return connection.execute(query, (project, name, but_for)).fetchone() is not None


def change(connection: Transaction, volume_id: str, changes: Mapping[str, Value]) -> None:
    """Set columns of a volume."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(
        f"UPDATE volumes SET {assignments} WHERE id = ?", (*changes.values(), volume_id)
    )


def remove(connection: Transaction, volume_id: str) -> None:
    """Remove a volume and who may use it; its directory is to go."""
    connection.execute("DELETE FROM grants WHERE volume_id = ?", (volume_id,))
    connection.execute("DELETE FROM volumes WHERE id = ?", (volume_id,))
    discard(connection, volume_id)


def users(connection: Transaction, volume_id: str) -> list[VolumeUser]:
    """Return the tasks that use a volume as they are within a transaction, oldest first."""
    query = "SELECT task_id, project FROM task_volumes WHERE volume_id = ? ORDER BY task_id"
    return [VolumeUser(*found) for found in connection.execute(query, (volume_id,))]


def use(connection: Transaction, volume_id: str, user: VolumeUser) -> None:
    """Note that a task uses a volume, until it has ended."""
    connection.execute(
        "INSERT INTO task_volumes (task_id, volume_id, project) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (user.task_id, volume_id, user.project),
    )


def release_volumes(connection: Transaction, task_id: str) -> None:
    """Note that a task has ended and uses no volume any more."""
    connection.execute("DELETE FROM task_volumes WHERE task_id = ?", (task_id,))


def discard(connection: Transaction, volume_id: str) -> None:
    """Note that the directory of a volume is to go."""
    connection.execute("INSERT INTO discarded_volumes (id) VALUES (?)", (volume_id,))


def keep(connection: Transaction, volume_id: str) -> None:
    """Note that a directory is gone, or that it is to stay after all."""
    connection.execute("DELETE FROM discarded_volumes WHERE id = ?", (volume_id,))
