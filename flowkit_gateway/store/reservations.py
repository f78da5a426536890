"""Reservations, with the SQL that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from flowkit_gateway.problems import ReservationNotFound
from flowkit_gateway.store.columns import SELECT_TASK, Value, task_row
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.rows import TaskRow

_LIVE = "status IN ('scheduled', 'active')"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRow:
    """A reservation. Times are Unix seconds."""

    id: str
    project: str
    created_by: str
    name: str | None
    instance_type: str
    quantity: int
    region: str
    start_at: float
    end_at: float
    duration: float
    """Seconds by which it is extended each time it is renewed."""
    auto_renew: bool
    status: str
    simulated: bool
    units: tuple[str, ...]
    """What is kept free: GPUs by their UUIDs, or machines by their names."""
    created_at: float
    ended_at: float | None = None
    message: str | None = None

    @property
    def live(self) -> bool:
        """It has not ended."""
        return self.status in ("scheduled", "active")

    @property
    def was_renewed(self) -> bool:
        """It was extended at least once."""
        return self.end_at - self.start_at > 1.5 * self.duration


_COLUMNS = ", ".join(field.name for field in fields(ReservationRow))
_SELECT = f"SELECT {_COLUMNS} FROM reservations"
_PLACES = ", ".join("?" * len(fields(ReservationRow)))


class ReservationTable:
    """The reservations of one gateway.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, project: str, reservation_id: str) -> ReservationRow:
        """Return a reservation of the project.

        Raises:
            ReservationNotFound: there is none.
        """
        row = self.find(project, reservation_id)
        if row is None:
            raise ReservationNotFound(f"there is no reservation {reservation_id}")
        return row

    def find(self, project: str, reservation_id: str) -> ReservationRow | None:
        """Return a reservation of the project, if it is there."""
        query = f"{_SELECT} WHERE id = ? AND project = ?"
        found = self._database.read(query, (reservation_id, project))
        return _row(found[0]) if found else None

    def named(self, project: str, name: str) -> ReservationRow | None:
        """Return the reservation of a project that has a name and has not ended."""
        query = f"{_SELECT} WHERE project = ? AND name = ? AND {_LIVE}"
        found = self._database.read(query, (project, name))
        return _row(found[0]) if found else None

    def page(
        self,
        project: str,
        *,
        name: str | None,
        status: str | None,
        before: str | None,
        limit: int,
    ) -> list[ReservationRow]:
        """Return reservations of the project, newest first.

        Args:
            name: only reservations of this name.
            status: only reservations in this state.
            before: only reservations that are older than this id.
            limit: most rows to return.
        """
        condition, values = "project = ?", list[Value]([project])
        for text, value in (("name = ?", name), ("status = ?", status), ("id < ?", before)):
            if value is not None:
                condition += f" AND {text}"
                values.append(value)
        query = f"{_SELECT} WHERE {condition} ORDER BY id DESC LIMIT ?"
        return [_row(found) for found in self._database.read(query, (*values, limit))]

    def live(self) -> list[ReservationRow]:
        """Return every reservation of every project that has not ended, oldest first."""
        query = f"{_SELECT} WHERE {_LIVE} ORDER BY id"
        return [_row(found) for found in self._database.read(query)]

    def ended_of(self, reservation_ids: Sequence[str]) -> list[ReservationRow]:
        """Return those of some reservations, of whatever project, that have ended."""
        query = f"{_SELECT} WHERE id IN ({', '.join('?' * len(reservation_ids))}) AND NOT {_LIVE}"
        return [_row(found) for found in self._database.read(query, tuple(reservation_ids))]

    def unfinished_tasks(self, reservation_id: str | None = None) -> list[TaskRow]:
        """Return the tasks of a reservation, or of any, that have not ended, oldest first."""
        # Found by the text, which every database can do, and only then decoded.
        query = (
            f"{SELECT_TASK} WHERE status NOT IN ('completed', 'failed', 'cancelled')"
            " AND settings LIKE ? ORDER BY id"
        )
        text = f'%"reservation":"{reservation_id or "reservation_"}%'
        tasks = [task_row(values) for values in self._database.read(query, (text,))]
        if reservation_id is None:
            return [task for task in tasks if task.settings.get("reservation")]
        return [task for task in tasks if task.settings.get("reservation") == reservation_id]


def insert(connection: Transaction, row: ReservationRow) -> None:
    """Add a reservation."""
    values = [getattr(row, field.name) for field in fields(row)]
    values[[field.name for field in fields(row)].index("units")] = _text(row.units)
    connection.execute(f"INSERT INTO reservations ({_COLUMNS}) VALUES ({_PLACES})", values)


def live(connection: Transaction) -> list[ReservationRow]:
    """Return what has not ended as it is within a transaction, oldest first."""
    return [_row(found) for found in connection.execute(f"{_SELECT} WHERE {_LIVE} ORDER BY id")]


def find(connection: Transaction, project: str, reservation_id: str) -> ReservationRow:
    """Return a reservation of the project as it is within a transaction.

    Raises:
        ReservationNotFound: there is none.
    """
    query = f"{_SELECT} WHERE id = ? AND project = ?"
    found = connection.execute(query, (reservation_id, project)).fetchone()
    if found is None:
        raise ReservationNotFound(f"there is no reservation {reservation_id}")
    return _row(found)


def change(
    connection: Transaction, row: ReservationRow, changes: Mapping[str, Value]
) -> ReservationRow:
    """Set columns of a reservation that has not ended, and return it."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(
        f"UPDATE reservations SET {assignments} WHERE id = ? AND {_LIVE}",
        (*changes.values(), row.id),
    )
    return find(connection, row.project, row.id)


def remove(connection: Transaction, reservation_id: str) -> None:
    """Remove a reservation that never came to be."""
    connection.execute("DELETE FROM reservations WHERE id = ?", (reservation_id,))


def _row(values: tuple[Any, ...]) -> ReservationRow:
    named = dict(zip(_COLUMNS.split(", "), values, strict=True))
    return ReservationRow(
        **{
            **named,
            "units": tuple(msgspec.json.decode(named["units"])),
            "auto_renew": bool(named["auto_renew"]),
            "simulated": bool(named["simulated"]),
        }
    )


def _text(units: Sequence[str]) -> str:
    return msgspec.json.encode(units).decode()
