"""Grants on volumes, with the SQL that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Database, Transaction


@dataclass(slots=True)
class GrantRow:
    """An invitation to use a volume, and what became of it. Times are Unix seconds."""

    id: str
    volume_id: str
    project: str
    """Whose volume it is."""
    principal: str
    """`user:NAME` or `project:NAME`, who may use it."""
    permission: str
    status: str
    """`pending`, `accepted` or `declined`."""
    created_by: str
    created_at: float
    decided_at: float | None = None


_COLUMNS = ", ".join(field.name for field in fields(GrantRow))
_SELECT = f"SELECT {_COLUMNS} FROM grants"
_PLACES = ", ".join("?" * len(fields(GrantRow)))


class GrantTable:
    """The grants of one gateway.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, grant_id: str) -> GrantRow | None:
        """Return a grant of any project."""
        found = self._database.read(f"{_SELECT} WHERE id = ?", (grant_id,))
        return GrantRow(*found[0]) if found else None

    def accepted(self, volume_id: str, principals: tuple[str, str]) -> list[GrantRow]:
        """Return the grants by which a caller may use a volume, those that allow more first.

        Args:
            volume_id: the volume.
            principals: names by which grants mean the caller.
        """
        found = self._database.read(
            f"{_SELECT} WHERE volume_id = ? AND principal IN (?, ?) AND status = 'accepted'"
            " ORDER BY permission DESC, id",
            (volume_id, *principals),
        )
        return [GrantRow(*values) for values in found]

    def visible(
        self,
        project: str,
        principals: tuple[str, str],
        *,
        direction: str | None = None,
        volume_id: str | None = None,
        status: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[GrantRow]:
        """Return grants that a project gave or that the caller received, newest first.

        Args:
            project: the caller's.
            principals: names by which grants mean the caller.
            direction: `given` or `received`; both unless said.
            volume_id: only grants on this volume.
            status: only grants in this state.
            before: only grants that are older than this id.
            limit: most rows to return.
        """
        conditions: list[str] = []
        values: list[Value] = []
        if direction != "received":
            conditions.append("project = ?")
            values.append(project)
        if direction != "given":
            conditions.append("principal IN (?, ?)")
            values += principals
        query = f"{_SELECT} WHERE ({' OR '.join(conditions)})"
        filters = {"volume_id = ?": volume_id, "status = ?": status, "id < ?": before}
        for condition, value in filters.items():
            if value is not None:
                query += f" AND {condition}"
                values.append(value)
        found = self._database.read(f"{query} ORDER BY id DESC LIMIT ?", (*values, limit))
        return [GrantRow(*each) for each in found]


def insert(connection: Transaction, row: GrantRow) -> bool:
    """Add a grant; return False when its principal has one on its volume."""
    cursor = connection.execute(
        f"INSERT INTO grants ({_COLUMNS}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING", astuple(row)
    )
    return cursor.rowcount == 1


def decide(
    connection: Transaction, grant_id: str, status: str, at: float, allowed: Sequence[str]
) -> GrantRow | None:
    """Set what became of a grant that is in one of the `allowed` states, and return it."""
    found = connection.execute(
        f"UPDATE grants SET status = ?, decided_at = ? WHERE id = ? AND status IN"
        f" ({', '.join('?' * len(allowed))}) RETURNING {_COLUMNS}",
        (status, at, grant_id, *allowed),
    ).fetchone()
    return GrantRow(*found) if found else None


def remove(connection: Transaction, grant_id: str) -> bool:
    """Remove a grant; return False when there is none."""
    return connection.execute("DELETE FROM grants WHERE id = ?", (grant_id,)).rowcount == 1
