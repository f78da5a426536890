"""What the time does to reservations: they start, are renewed and end."""

from __future__ import annotations

from flowkit_gateway.reservation_calendar import Calendar
from flowkit_gateway.store import reservations as rows
from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.reservations import ReservationRow


def is_due(row: ReservationRow, now: float) -> bool:
    """Say whether its start or its end has come."""
    return row.end_at <= now or (row.status == "scheduled" and row.start_at <= now)


def moved_rows(connection: Transaction, now: float) -> list[ReservationRow]:
    """Start, renew and end within a transaction what is due; return what has changed."""
    moved = []
    for row in rows.live(connection):
        if not is_due(row, now):
            continue
        if row.end_at > now:
            moved.append(rows.change(connection, row, {"status": "active"}))
        elif row.auto_renew:
            moved.append(_renewed(connection, row, now))
        else:
            changes: dict[str, Value] = {"status": "expired", "ended_at": row.end_at}
            moved.append(rows.change(connection, row, changes))
    return moved


def _renewed(connection: Transaction, row: ReservationRow, now: float) -> ReservationRow:
    """Extend a reservation beyond now, unless others have reserved a unit of it."""
    times = int((now - row.end_at) // row.duration) + 1
    end_at = row.end_at + times * row.duration
    others = [each for each in rows.live(connection) if each.id != row.id]
    calendar = Calendar([(each.units, (each.start_at, each.end_at)) for each in others], {})
    if len(calendar.free(row.units, (row.end_at, end_at))) == len(row.units):
        return rows.change(connection, row, {"status": "active", "end_at": end_at})
    message = "not renewed: others have reserved what it had"
    changes: dict[str, Value] = {"status": "expired", "ended_at": row.end_at, "message": message}
    return rows.change(connection, row, changes)
