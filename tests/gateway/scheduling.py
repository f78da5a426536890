"""A scheduler over a real store and a controlled engine, for tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from flowkit_gateway.changes import Changes
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.engines.engine import Engine, Launch
from flowkit_gateway.mounted_volumes import MountedVolumes
from flowkit_gateway.mounts import MountsPart
from flowkit_gateway.principal import Principal
from flowkit_gateway.scheduler import Scheduler
from flowkit_gateway.store.rows import Created, IdempotencyKey, TaskRow
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from flowkit_gateway.task_parts import TaskParts
from flowkit_gateway.volumes import Volumes
from tests.gateway.controlled_engine import Attempt, ControlledEngine, Machine, State

PROJECT = "default"


MakeParts = Callable[[Store], TaskParts]
"""What the tasks of a gateway may have besides their commands, over its store."""


class Gateway:
    """The core of one gateway: what it keeps, what runs, and what the test lets happen."""

    def __init__(self, folder: Path, engine: Engine, parts: MakeParts | None = None) -> None:
        self.store = Store(SQLiteDatabase(folder / "flowkit.db"))
        self.volumes = Volumes(self.store, folder, Disposal(folder / "trash"))
        self.mounts = MountsPart(engine, {"volume": MountedVolumes(self.volumes)}, folder)
        self.changes = Changes()
        self.scheduler = Scheduler(
            self.store,
            engine,
            self.changes,
            data_dir=folder,
            max_output_bytes=1000,
            parts=TaskParts([self.mounts]) if parts is None else parts(self.store),
            is_block=self.volumes.is_block,
        )

    async def open(self) -> None:
        """Take up what an earlier gateway left."""
        await self.volumes.open()
        await self.scheduler.open()

    async def submit(
        self,
        *tasks: Mapping[str, object],
        key: IdempotencyKey | None = None,
        project: str = PROJECT,
    ) -> Created:
        """Submit tasks; each needs a command only if it is to have one of its own."""
        return await self.scheduler.submit(
            Principal("me", project),
            [{"command": ["true"], **task} for task in tasks],
            key,
            answer=ids_of,
            locs=[f"/body/tasks/{number}" for number in range(len(tasks))],
        )

    async def task(self, **settings: object) -> str:
        """Submit one task and return its id."""
        return (await self.submit(settings)).answer.decode()

    def row(self, task_id: str) -> TaskRow:
        """Return a task that is there."""
        row = self.store.get_task(PROJECT, task_id)
        assert row is not None
        return row

    def status(self, task_id: str) -> str:
        """Return the state of a task."""
        return self.row(task_id).status

    def events(self, task_id: str | None = None) -> list[str]:
        """Return the types of the events, oldest first."""
        rows = self.store.events_after(PROJECT, 0, task_id=task_id, limit=100_000)
        return [row.type.removeprefix("task.") for row in rows]

    async def reaches(self, task_id: str, status: str) -> TaskRow:
        """Wait until a task is in a state."""
        return await self.until(task_id, lambda row: row.status == status)

    async def until(self, task_id: str, condition: Callable[[TaskRow], bool]) -> TaskRow:
        """Wait until a task meets a condition."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 20
        with self.changes.task(task_id) as waiter:
            while not condition(self.row(task_id)):
                changed = await waiter.wait(deadline - loop.time())
                assert changed, f"{self.row(task_id)} stays as it is; events: {self.events()}"
        return self.row(task_id)


class ControlledGateway(Gateway):
    """A gateway on a machine under the test's control."""

    def __init__(
        self, folder: Path, machine: Machine | None = None, parts: MakeParts | None = None
    ) -> None:
        self.engine = ControlledEngine(machine)
        self.machine = self.engine.machine
        super().__init__(folder, self.engine, parts)

    def launch(self, task_id: str) -> Launch:
        """Return how a task was started last."""
        return self.machine.launches[task_id, self.row(task_id).attempt]

    def end(
        self,
        task_id: str,
        *,
        state: State = State.ENDED,
        exit_code: int | None = 0,
        reason: str | None = "exited",
        message: str | None = None,
    ) -> None:
        """Let the newest attempt of a task end."""
        attempt: Attempt = (task_id, self.row(task_id).attempt)
        self.engine.end(attempt, state=state, exit_code=exit_code, reason=reason, message=message)

    async def finish(self, task_id: str) -> TaskRow:
        """Let a task run and end."""
        await self.reaches(task_id, "running")
        self.end(task_id)
        return await self.reaches(task_id, "completed")

    async def settled(self) -> None:
        """Wait until everything that the engine told is durable."""
        async with asyncio.timeout(20):
            while self.scheduler._background or self.scheduler._pass_is_due:
                await asyncio.sleep(0)
                if self.scheduler._background:
                    await asyncio.wait(self.scheduler._background)


@contextlib.asynccontextmanager
async def opened(
    folder: Path, machine: Machine | None = None, parts: MakeParts | None = None
) -> AsyncIterator[ControlledGateway]:
    """Run the core of a gateway for the length of a block, and stop it in an orderly way."""
    gateway = ControlledGateway(folder, machine, parts)
    try:
        await gateway.open()
        yield gateway
    finally:
        await gateway.scheduler.close()
        gateway.store.close()


def crash(gateway: ControlledGateway) -> None:
    """End a gateway as a kill would: nothing more is asked of its engine or seen from it.

    What has reached the writer becomes durable, as it may when a process is killed; everything
    that still waits on the event loop is lost when the loop ends.
    """
    gateway.engine.gone = True
    gateway.scheduler._closing = True
    gateway.store.close()


def ids_of(rows: Sequence[TaskRow]) -> bytes:
    """Answer a create with the ids of its tasks."""
    return " ".join(row.id for row in rows).encode()
