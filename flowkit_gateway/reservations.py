"""Reservations: units that are kept free for a project's tasks, from a time to a time.

What is reserved stands in the database alone; who may start on what now follows from it, so that a
gateway that starts anew goes on where the one before was killed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol, cast

from flowkit_gateway.catalogue import check_region
from flowkit_gateway.contract import invalid
from flowkit_gateway.free_devices import Shelf
from flowkit_gateway.instants import instant
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import (
    AlreadyExists,
    Conflict,
    Detail,
    Problem,
    StorageFull,
    Unavailable,
)
from flowkit_gateway.reservable import reservable
from flowkit_gateway.reservation_calendar import Calendar, Reservable, Slot
from flowkit_gateway.reservation_changes import is_due, moved_rows
from flowkit_gateway.reservation_times import clock, other_times, span_of
from flowkit_gateway.scheduler import Scheduler
from flowkit_gateway.store import reservations as rows
from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.reservations import ReservationRow, ReservationTable
from flowkit_gateway.store.rows import Created, IdempotencyKey
from flowkit_gateway.store.store import Store

log = logging.getLogger(__name__)

_WEEK = 7 * 86400.0
_AHEAD = 31 * 86400.0
"""Seconds after the wanted start in which other times are looked for."""
_LONGEST_SLEEP = 60.0
"""Seconds between two looks at the clock, which may be set meanwhile."""
_STORAGE_RETRY = 1.0


class Keeper(Protocol):
    """What keeps units free where the scheduler does not place tasks itself."""

    async def preferred(self, units: Iterable[str]) -> tuple[str, ...]:
        """Return units with those last that are best reserved.

        Raises:
            Problem: it cannot be asked now.
        """

    async def reconcile(self, live: Iterable[ReservationRow]) -> None:
        """Bring what is kept in line with what is reserved, after a gateway was killed.

        Raises:
            Problem: it cannot be asked now.
        """

    async def keep(self, row: ReservationRow) -> None:
        """Keep the units of a reservation free in its time, whatever was kept for it before.

        Raises:
            Problem: they cannot be kept.
        """

    async def release(self, row: ReservationRow) -> None:
        """Keep them no more; whether they were does not matter.

        Raises:
            Problem: it cannot be asked now.
        """


class Availability(NamedTuple):
    """When an instance type can be reserved."""

    instance_type: str
    region: str
    slots: list[Slot]


class Reservations:
    """The reservations of one gateway.

    Args:
        store: the rows.
        scheduler: what starts tasks, and ends those of a reservation that has ended.
        keeper: keeps units free in the scheduler's place.
    """

    def __init__(self, store: Store, scheduler: Scheduler, keeper: Keeper | None = None) -> None:
        self.table = ReservationTable(store.database)
        self._store = store
        self._scheduler = scheduler
        self._keeper = keeper
        self._changing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._clock: asyncio.Task[None] | None = None

    def restore(self) -> None:
        """Keep free what an earlier gateway has reserved, before anything is started."""
        self._keep_free()

    async def open(self) -> None:
        """Begin to look at the clock, and end what should have ended since an earlier gateway."""
        if self._keeper is not None:
            try:
                await self._keeper.reconcile(self.table.live())
            except Problem as problem:
                log.error("reservations cannot be looked at: %s", problem.detail)
        await self._end_tasks(row.id for row in self._ended_with_tasks())
        self._clock = asyncio.create_task(self._follow_the_clock())

    async def close(self) -> None:
        """Look at the clock no more; the next gateway goes on."""
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.wait([self._clock])

    async def create(
        self,
        caller: Principal,
        wanted: Mapping[str, object],
        key: IdempotencyKey | None,
        answer: Callable[[ReservationRow], bytes],
    ) -> Created:
        """Reserve units; they are kept free once this returns.

        Args:
            caller: for whose project.
            wanted: the contract's `ReservationCreate`.
            key: what makes the call safe to repeat.
            answer: renders the row as the body to answer with.

        Raises:
            InvalidRequest: it is no time to come.
            NoCapacity: there never are as many.
            Conflict: not as many are free at the time; the hint names other times.
            AlreadyExists: another reservation of the project that has not ended has the name.
        """
        replay = self._store.answers.find(caller.project, key)
        if replay is not None:
            return replay
        region = check_region(cast("str | None", wanted.get("region")), "/body/region")
        quantity = cast("int", wanted.get("quantity") or 1)
        kind = self._reservable(cast("str", wanted["instance_type"]), quantity, "/body")
        now = time.time()
        start_at, end_at = span_of(wanted, now)
        row = ReservationRow(
            id=self._store.new_id("reservation"),
            project=caller.project,
            created_by=caller.user,
            name=cast("str | None", wanted.get("name")),
            instance_type=kind.instance_type,
            quantity=quantity,
            region=region,
            start_at=start_at,
            end_at=end_at,
            duration=end_at - start_at,
            auto_renew=bool(wanted.get("auto_renew")),
            status="active" if start_at <= now else "scheduled",
            simulated=kind.simulated,
            units=(),
            created_at=now,
        )
        return await asyncio.shield(self._create(row, kind, key, answer))

    def _reservable(self, instance_type: str, quantity: int, loc: str) -> Reservable:
        scheduler = self._scheduler
        return reservable(scheduler.pool, scheduler.catalogue, instance_type, quantity, loc)

    async def _create(
        self,
        row: ReservationRow,
        kind: Reservable,
        key: IdempotencyKey | None,
        answer: Callable[[ReservationRow], bytes],
    ) -> Created:
        def work(connection: Transaction) -> None:
            there = rows.live(connection)
            if row.name is not None and any(_is_named(each, row) for each in there):
                raise AlreadyExists(
                    f"the project has a reservation named {row.name} that has not ended",
                    hint="use that one, or another name",
                )
            units = self._free_units(row, kind, there)
            rows.insert(connection, replace(row, units=units))

        async with self._changing:
            if self._keeper is not None:
                kind = kind._replace(units=await self._keeper.preferred(kind.units))
            created = await self._store.answers.create(row.project, key, answer(row), work)
            if created.replayed:
                return created
            if self._keeper is not None:
                await self._keep(self.table.get(row.project, row.id), key, self._keeper)
            self._keep_free()
        return created

    async def _keep(self, row: ReservationRow, key: IdempotencyKey | None, keeper: Keeper) -> None:
        """Have units kept free that were just reserved, or take back that they are."""
        try:
            await keeper.keep(row)
        except BaseException:

            def work(connection: Transaction) -> None:
                rows.remove(connection, row.id)
                self._store.answers.forget(connection, row.project, key)

            await self._store.database.write(work)
            raise

    def _free_units(
        self, row: ReservationRow, kind: Reservable, there: Iterable[ReservationRow]
    ) -> tuple[str, ...]:
        """Return units that are free for a reservation.

        Raises:
            Conflict: there are not enough.
        """
        calendar = self._calendar(there)
        needed = kind.units_of(row.quantity)
        found = calendar.free(kind.units, (row.start_at, row.end_at))
        if len(found) >= needed:
            # The last ones: tasks that run now were given the first.
            return tuple(found[-needed:])
        free = kind.instances_in(len(found))
        within = (row.start_at, row.end_at + _AHEAD)
        slots = [
            slot
            for slot in calendar.slots(kind, row.quantity, within)
            if slot.end_at - slot.start_at >= row.end_at - row.start_at
        ]
        raise Conflict(
            f"{free} of {row.quantity} {row.instance_type} are free from {clock(row.start_at)} to"
            f" {clock(row.end_at)}",
            hint=other_times(slots),
        )

    def _calendar(self, there: Iterable[ReservationRow]) -> Calendar:
        reserved = [(row.units, (row.start_at, row.end_at)) for row in there]
        return Calendar(reserved, self._scheduler.held.busy_until())

    def availability(
        self,
        instance_type: str,
        quantity: int,
        *,
        region: str | None,
        earliest_start_at: str | None,
        latest_end_at: str | None,
    ) -> Availability:
        """Say when so many instances can be reserved.

        Args:
            instance_type: name of the type.
            quantity: how many at a time.
            region: where.
            earliest_start_at: begin of what is looked at, in RFC 3339; now unless given.
            latest_end_at: its end; a week later unless given.

        Raises:
            InvalidRequest: it is no time to come.
            NoCapacity: there never are as many.
        """
        found_region = check_region(region, "/query/region")
        kind = self._reservable(instance_type, quantity, "/query")
        now = time.time()
        begin = now
        if earliest_start_at is not None:
            begin = max(now, instant(earliest_start_at, "/query/earliest_start_at").timestamp())
        end = begin + _WEEK
        if latest_end_at is not None:
            end = instant(latest_end_at, "/query/latest_end_at").timestamp()
        if end <= begin:
            message = "there is no time to come in it"
            raise invalid([Detail("/query/latest_end_at", message, "look at a later time")])
        calendar = self._calendar(self.table.live())
        slots = calendar.slots(kind, quantity, (begin, end))
        return Availability(kind.instance_type, found_region, slots)

    async def update(
        self, project: str, reservation_id: str, changes: Mapping[str, object]
    ) -> ReservationRow:
        """Change whether a reservation is renewed when it ends.

        Raises:
            ReservationNotFound: the project has no such reservation.
            Conflict: it has ended.
        """

        def work(connection: Transaction) -> ReservationRow:
            row = rows.find(connection, project, reservation_id)
            if "auto_renew" not in changes:
                return row
            if not row.live:
                raise Conflict(f"{row.id} is {row.status}", hint="make another reservation")
            return rows.change(connection, row, {"auto_renew": changes["auto_renew"] is True})

        return await self._store.database.write(work)

    async def cancel(self, project: str, reservation_id: str) -> ReservationRow:
        """End a reservation now, and its tasks; one that has ended is returned as it is.

        Raises:
            ReservationNotFound: the project has no such reservation.
        """
        return await asyncio.shield(self._cancel(project, reservation_id))

    async def _cancel(self, project: str, reservation_id: str) -> ReservationRow:
        def work(connection: Transaction) -> tuple[bool, ReservationRow]:
            row = rows.find(connection, project, reservation_id)
            changes: dict[str, Value] = {"status": "cancelled", "ended_at": time.time()}
            return row.live, rows.change(connection, row, changes)

        async with self._changing:
            was_live, row = await self._store.database.write(work)
            if was_live:
                await self._let_go([row])
        return row

    async def _let_go(self, ended: Iterable[ReservationRow]) -> None:
        """Give back the units of reservations that have ended, and end their tasks."""
        self._keep_free()
        for row in ended:
            await self._end_tasks([row.id])
            if self._keeper is not None:
                try:
                    await self._keeper.release(row)
                except Problem as problem:
                    log.error("%s is still kept: %s", row.id, problem.detail)

    def _ended_with_tasks(self) -> list[ReservationRow]:
        ids = {str(task.settings["reservation"]) for task in self.table.unfinished_tasks()}
        return self.table.ended_of(sorted(ids)) if ids else []

    async def _end_tasks(self, reservation_ids: Iterable[str]) -> None:
        for reservation_id in reservation_ids:
            for task in self.table.unfinished_tasks(reservation_id):
                await self._scheduler.end_with_reservation(task)

    def _keep_free(self) -> None:
        """Let the scheduler know what is reserved, and look at the clock anew."""
        shelves: dict[str, Shelf] = {}
        ends: dict[str, float] = {}
        for row in self.table.live():
            if row.status == "active":
                ends[row.id] = row.end_at
                shelves.update(dict.fromkeys(row.units, row.id))
                continue
            for unit in row.units:
                shelf = shelves.get(unit)
                if shelf is None or (isinstance(shelf, float) and shelf > row.start_at):
                    shelves[unit] = row.start_at
        self._scheduler.keep_free(shelves, ends)
        self._wake.set()

    async def _follow_the_clock(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._advance(time.time())
            except (StorageFull, Unavailable) as error:
                log.warning("reservations have to wait: %s", error)
                await asyncio.sleep(_STORAGE_RETRY)
                continue
            changes = [
                row.end_at if row.status == "active" else row.start_at for row in self.table.live()
            ]
            wait = min([*changes, time.time() + _LONGEST_SLEEP]) - time.time()
            try:
                async with asyncio.timeout(max(0.0, wait)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _advance(self, now: float) -> None:
        """Start, renew and end what is due."""
        if not any(is_due(row, now) for row in self.table.live()):
            return
        async with self._changing:
            moved = await self._store.database.write(lambda connection: moved_rows(connection, now))
            ended = [row for row in moved if not row.live]
            for row in moved:
                if row.live and row.was_renewed and self._keeper is not None:
                    ended += await self._kept_longer(row, self._keeper)
            await self._let_go(ended)

    async def _kept_longer(self, row: ReservationRow, keeper: Keeper) -> list[ReservationRow]:
        """Have units kept on; return the reservation if it ends because they cannot be."""
        try:
            await keeper.keep(row)
        except Problem as problem:
            changes: dict[str, Value] = {
                "status": "expired",
                "ended_at": time.time(),
                "message": problem.detail,
            }
            change = self._store.database.write(lambda each: rows.change(each, row, changes))
            return [await change]
        return []


def _is_named(there: ReservationRow, row: ReservationRow) -> bool:
    return (there.project, there.name) == (row.project, row.name)
