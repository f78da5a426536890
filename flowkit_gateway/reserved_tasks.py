"""Tasks that run in a reservation."""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import cast

from flowkit.durations import format_duration
from flowkit.instances import Offer
from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.contract import invalid
from flowkit_gateway.delegated_pool import pool_of
from flowkit_gateway.engines.engine import Engine
from flowkit_gateway.placement import Pool, demand_of
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Conflict, Detail, NoCapacity
from flowkit_gateway.store import reservations as rows
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.reservations import ReservationRow, ReservationTable
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.task_parts import Prepared

_ID = re.compile("reservation_[0-9a-z]{26}")


class ReservationPart:
    """The reservation that a task runs in.

    Args:
        table: the reservations.
        engine: whose GPUs are reserved.
    """

    name = "reservation"
    fields = frozenset({"reservation"})

    def __init__(self, table: ReservationTable, engine: Engine) -> None:
        self._table = table
        self._engine = engine

    @cached_property
    def _pool(self) -> Pool:
        """All that there is, whoever holds it."""
        return pool_of(self._engine)

    @cached_property
    def _offers(self) -> tuple[Offer, ...]:
        return Catalogue(self._pool).offers

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Replace a name by the id, and check that the task can run in the reservation.

        Raises:
            InvalidRequest: there is no such reservation, or the task is longer than it.
            Conflict: the reservation has ended.
            NoCapacity: it is too small for the task.
        """
        row = self._found(caller.project, cast("str", settings["reservation"]), loc)
        if not row.live:
            raise _ended(row)
        settings["reservation"] = row.id
        _refuse_longer(row, cast("float | None", settings.get("max_run_time")), loc)
        # What it needs besides is not the reservation's.
        demand = demand_of(settings, self._offers, loc)._replace(cpus=0.0, memory_bytes=0)
        if self._pool.part(row.units).feasible(demand) is False:
            message = f"{row.name or row.id} has {row.quantity} {row.instance_type}, and not enough"
            hint = "ask for GPUs that it has, or leave reservation out"
            raise NoCapacity(message, hint=hint, details=[Detail(f"{loc}/gpu", message, hint)])
        return f"{row.quantity} {row.instance_type}, {row.status}"

    def _found(self, project: str, reference: str, loc: str) -> ReservationRow:
        row = None
        if _ID.fullmatch(reference):
            row = self._table.find(project, reference)
        row = row or self._table.named(project, reference)
        if row is None:
            message = f"there is no reservation {reference!r} that has not ended"
            hint = "`flowkit reservation ls` lists the reservations"
            raise invalid([Detail(f"{loc}/reservation", message, hint)])
        return row

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Make sure that the reservation has not ended meanwhile.

        Raises:
            Conflict: it has.
        """
        reserved = rows.find(connection, row.project, cast("str", row.settings["reservation"]))
        if not reserved.live:
            raise _ended(reserved)

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Tell the attempt where it runs."""
        prepared.env["FLOWKIT_RESERVATION"] = cast("str", row.settings["reservation"])


def _refuse_longer(row: ReservationRow, longest: float | None, loc: str) -> None:
    """Raise InvalidRequest if a task may take longer than what is left of its reservation."""
    left = row.end_at - max(row.start_at, time.time())
    if longest is None or row.auto_renew or longest <= left:
        return
    message = f"is longer than the {format_duration(max(0.0, left))} that the reservation has"
    hint = "leave it out to end with the reservation"
    raise invalid([Detail(f"{loc}/max_run_time", message, hint)])


def _ended(row: ReservationRow) -> Conflict:
    return Conflict(f"the reservation {row.name or row.id} is {row.status}", hint="make another")
