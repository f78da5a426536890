"""Snapshots, contents of their files, and which tasks need them, with the SQL that keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

from flowkit_gateway.problems import SnapshotNotFound
from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Database, Transaction


@dataclass(slots=True)
class SnapshotRow:
    """A snapshot. Times are Unix seconds."""

    project: str
    id: str
    file_count: int
    size_bytes: int
    complete: bool
    """The gateway lacks no content of it."""
    created_at: float
    used_at: float
    """When it was last described, or needed by a task."""
    started_at: float | None = None
    """When a task last started from it."""


class Content(NamedTuple):
    """Where a content is."""

    sha256: str
    pack: str
    position: int
    size_bytes: int


_COLUMNS = ", ".join(field.name for field in fields(SnapshotRow))
_SELECT = f"SELECT {_COLUMNS} FROM snapshots"
_PLACES = ", ".join("?" * len(fields(SnapshotRow)))
_AT_ONCE = 500
"""Most values of one query: some databases take no more than 999."""
_IN_USE = (
    "(EXISTS (SELECT 1 FROM task_snapshots JOIN tasks ON tasks.id = task_snapshots.task_id"
    " WHERE task_snapshots.project = snapshots.project"
    " AND task_snapshots.snapshot_id = snapshots.id"
    " AND tasks.status NOT IN ('completed', 'failed', 'cancelled'))"
    # Cases of a sweep that are not tasks yet will need it too.
    " OR EXISTS (SELECT 1 FROM sweeps JOIN sweep_plans ON sweep_plans.sweep_id = sweeps.id"
    " WHERE sweeps.status IN ('running', 'stopping') AND sweeps.project = snapshots.project"
    " AND sweep_plans.task LIKE '%' || snapshots.id || '%'))"
)


class SnapshotTable:
    """The snapshots of one gateway.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, project: str, snapshot_id: str) -> SnapshotRow | None:
        """Return a snapshot of the project."""
        found = self._database.read(
            f"{_SELECT} WHERE project = ? AND id = ?", (project, snapshot_id)
        )
        return _row(found[0]) if found else None

    def newest(
        self, project: str, *, before: tuple[float, str] | None = None, limit: int = 100
    ) -> list[SnapshotRow]:
        """Return a project's snapshots, newest first.

        Args:
            project: whose.
            before: only what follows in this order the one created then, of this id.
            limit: most rows to return.
        """
        query, values = f"{_SELECT} WHERE project = ?", list[Value]([project])
        if before is not None:
            query += " AND (created_at < ? OR (created_at = ? AND id < ?))"
            values += [before[0], before[0], before[1]]
        query += " ORDER BY created_at DESC, id DESC LIMIT ?"
        return [_row(found) for found in self._database.read(query, (*values, limit))]

    def ids(self, project: str) -> list[str]:
        """Return the ids of all snapshots of a project."""
        found = self._database.read("SELECT id FROM snapshots WHERE project = ?", (project,))
        return [str(values[0]) for values in found]

    def unused_since(self, before: float, project: str | None = None) -> list[SnapshotRow]:
        """Return the snapshots that nobody has used since then and no task needs, oldest first."""
        query = f"{_SELECT} WHERE used_at < ? AND NOT {_IN_USE}"
        values: list[Value] = [before]
        if project is not None:
            query += " AND project = ?"
            values.append(project)
        found = self._database.read(f"{query} ORDER BY used_at", values)
        return [_row(each) for each in found]

    async def contents(self, project: str, hashes: Iterable[str]) -> dict[str, Content]:
        """Return where contents of a project are, those that it has, by SHA-256."""
        wanted = list(hashes)
        found: dict[str, Content] = {}
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            query = (
                "SELECT sha256, pack, position, size_bytes FROM contents WHERE project = ?"
                f" AND sha256 IN ({', '.join('?' * len(some))})"
            )
            for values in self._database.read(query, (project, *some)):
                found[values[0]] = Content(*values)
            # So that other calls are answered while a large tree is looked up.
            await asyncio.sleep(0)
        return found

    def kept(self, project: str) -> list[Content]:
        """Return all contents of a project, pack by pack in their order."""
        query = (
            "SELECT sha256, pack, position, size_bytes FROM contents WHERE project = ?"
            " ORDER BY pack, position"
        )
        return [Content(*values) for values in self._database.read(query, (project,))]

    async def add(self, row: SnapshotRow) -> None:
        """Add a snapshot, or note that one that is there is in use again."""

        def work(connection: Transaction) -> None:
            connection.execute(
                f"INSERT INTO snapshots ({_COLUMNS}) VALUES ({_PLACES})"
                " ON CONFLICT (project, id) DO UPDATE SET used_at = excluded.used_at,"
                " complete = excluded.complete",
                astuple(row),
            )

        await self._database.write(work)

    async def add_contents(self, project: str, contents: Sequence[Content]) -> None:
        """Add contents that are on the disk; of two of one hash the first stays."""

        def work(connection: Transaction) -> None:
            connection.executemany(
                "INSERT INTO contents (project, sha256, pack, position, size_bytes)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(project, *content) for content in contents],
            )

        await self._database.write(work)

    async def complete(self, project: str, snapshot_id: str) -> None:
        """Note that nothing of a snapshot is missing any more."""

        def work(connection: Transaction) -> None:
            connection.execute(
                "UPDATE snapshots SET complete = 1 WHERE project = ? AND id = ?",
                (project, snapshot_id),
            )

        await self._database.write(work)

    async def touch(self, project: str, snapshot_id: str, at: float, *, started: bool) -> None:
        """Note that a snapshot is in use, and whether a task started from it."""
        column = ", started_at = ?" if started else ""

        def work(connection: Transaction) -> None:
            connection.execute(
                f"UPDATE snapshots SET used_at = ?{column} WHERE project = ? AND id = ?",
                (at, *([at] if started else []), project, snapshot_id),
            )

        await self._database.write(work)

    async def remove(self, project: str, snapshot_id: str, used_at: float) -> bool:
        """Remove a snapshot unless it was used after that Unix time, or a task needs it.

        Returns:
            Whether it was removed.
        """

        def work(connection: Transaction) -> bool:
            connection.execute(
                "DELETE FROM task_snapshots WHERE project = ? AND snapshot_id = ? AND task_id NOT"
                " IN (SELECT id FROM tasks WHERE status NOT IN ('completed', 'failed',"
                " 'cancelled'))",
                (project, snapshot_id),
            )
            cursor = connection.execute(
                f"DELETE FROM snapshots WHERE project = ? AND id = ? AND used_at <= ?"
                f" AND NOT {_IN_USE}",
                (project, snapshot_id, used_at),
            )
            return cursor.rowcount == 1

        return await self._database.write(work)

    async def forget_contents(self, project: str, hashes: Sequence[str]) -> None:
        """Remove contents from the project."""

        def work(connection: Transaction) -> None:
            connection.executemany(
                "DELETE FROM contents WHERE project = ? AND sha256 = ?",
                [(project, sha256) for sha256 in hashes],
            )

        await self._database.write(work)


def need(connection: Transaction, project: str, snapshot_id: str, task_id: str, at: float) -> None:
    """Note that a task needs a snapshot until it has ended.

    Raises:
        SnapshotNotFound: there is none, or it is not complete.
    """
    cursor = connection.execute(
        "UPDATE snapshots SET used_at = ? WHERE project = ? AND id = ? AND complete = 1",
        (at, project, snapshot_id),
    )
    if cursor.rowcount != 1:
        raise SnapshotNotFound(f"there is no complete snapshot {snapshot_id} any more")
    connection.execute(
        "INSERT INTO task_snapshots (task_id, project, snapshot_id) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (task_id, project, snapshot_id),
    )


def _row(values: Sequence[object]) -> SnapshotRow:
    row = SnapshotRow(*values)  # type: ignore[arg-type]  # the columns are the fields
    row.complete = bool(row.complete)
    return row
