"""The core of a gateway with reservations, on a machine under the test's control."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.principal import Principal
from flowkit_gateway.reservations import Reservations
from flowkit_gateway.reserved_tasks import ReservationPart
from flowkit_gateway.store.reservations import ReservationRow, ReservationTable
from flowkit_gateway.store.rows import IdempotencyKey
from flowkit_gateway.store.store import Store
from flowkit_gateway.task_parts import TaskParts
from tests.gateway.controlled_engine import GB, ControlledEngine, Machine, gpus
from tests.gateway.scheduling import PROJECT, ControlledGateway

GPUS = 4


def machine() -> Machine:
    """Return a machine with four GPUs."""
    return Machine(Capacity(16.0, 64 * GB, gpus(GPUS)))


def moment(seconds: float) -> str:
    """Return a time so many seconds from now, as callers write it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class ReservingGateway(ControlledGateway):
    """A gateway whose tasks may run in reservations."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        super().__init__(folder, machine, partial(_parts, ControlledEngine(machine)))
        self.reservations = Reservations(self.store, self.scheduler)

    async def open(self) -> None:
        self.reservations.restore()
        await super().open()
        await self.reservations.open()

    async def reserve(
        self,
        begin: float,
        end: float,
        *,
        gpus: int = 2,
        key: IdempotencyKey | None = None,
        project: str = PROJECT,
        **fields: object,
    ) -> ReservationRow:
        """Reserve GPUs between two times, in seconds from now; from 0 on is at once."""
        wanted: dict[str, object] = {"instance_type": f"{gpus}xa100", "end_at": moment(end)}
        if begin:
            wanted["start_at"] = moment(begin)
        created = await self.reservations.create(
            Principal("me", project), {**wanted, **fields}, key, lambda row: row.id.encode()
        )
        return self.reserved(created.answer.decode(), project)

    def reserved(self, reservation_id: str, project: str = PROJECT) -> ReservationRow:
        """Return a reservation as it is now."""
        return self.reservations.table.get(project, reservation_id)

    async def close(self) -> None:
        """Stop in an orderly way."""
        await self.reservations.close()
        await self.scheduler.close()
        self.store.close()


def _parts(engine: ControlledEngine, store: Store) -> TaskParts:
    return TaskParts([ReservationPart(ReservationTable(store.database), engine)])


@contextlib.asynccontextmanager
async def opened(folder: Path, there: Machine | None = None) -> AsyncIterator[ReservingGateway]:
    """Run a gateway for the length of a block."""
    gateway = ReservingGateway(folder, there or machine())
    try:
        await gateway.open()
        yield gateway
    finally:
        await gateway.close()
