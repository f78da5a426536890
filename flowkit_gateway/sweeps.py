"""Sweeps: creates the tasks of their cases, as many at a time as they may have, and notes the ends.

What is to be done next always follows from the rows, so a gateway that starts anew goes on where
the one before was killed: the task of a case is created in the transaction that notes it, and that
transaction refuses a second one and one too many.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import TypeVar, cast

import msgspec

from flowkit.sweeps import Cases
from flowkit_gateway.changes import Changes
from flowkit_gateway.documents import sweep_document
from flowkit_gateway.engines.engine import Array
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Problem, StorageFull, TaskNotFound, Unavailable
from flowkit_gateway.scheduler import Scheduler
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey, TaskRow
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.sweep_rows import CaseRow, SweepPlan, SweepRow
from flowkit_gateway.store.sweeps import CaseTaken, SweepStore
from flowkit_gateway.sweep_cases import case_task, cases_of, check_task
from flowkit_gateway.task_parts import Prepared
from flowkit_gateway.vault import Vault

T = TypeVar("T")

log = logging.getLogger(__name__)

_MOST_STARTS = 100
"""Most tasks that are created in one turn; the database commits them together."""
_STORAGE_RETRY = 1.0
"""Seconds between two tries on a disk that is full or a database that is locked."""


class Sweeps:
    """Runs the sweeps of one gateway.

    Args:
        rows: the sweeps.
        store: the tasks.
        scheduler: what runs the tasks.
        changes: tells of the ends of tasks, and is told of every change of a sweep.
        vault: encrypts the variables with which mounts sign in.
    """

    def __init__(
        self, rows: SweepStore, store: Store, scheduler: Scheduler, changes: Changes, vault: Vault
    ) -> None:
        self.rows = rows
        self._store = store
        self._scheduler = scheduler
        self._changes = changes
        self._vault = vault
        self._running: set[str] = set()
        """Sweeps that something is to be done about."""
        self._background: set[asyncio.Task[object]] = set()

    @property
    def idle(self) -> bool:
        """Every sweep has ended."""
        return not self._running

    def open(self) -> None:
        """Take up what an earlier gateway left."""
        for row in self.rows.unfinished():
            self._take_up(row)

    async def close(self) -> None:
        """Start no more tasks; the next gateway goes on."""
        while self._background:
            for task in self._background:
                task.cancel()
            await asyncio.wait(self._background)

    async def create(
        self, caller: Principal, document: Mapping[str, object], key: IdempotencyKey | None
    ) -> Created:
        """Accept a sweep; it is durable when this returns.

        Args:
            caller: whose tasks its cases will be.
            document: a validated `SweepCreate`.
            key: what makes the call safe to repeat.

        Raises:
            InvalidSweep: its parameters and its task do not go together.
            Problem: its task cannot be accepted; nothing was created.
        """
        replay = self._store.answers.find(caller.project, key)
        if replay is not None:
            return replay
        task = dict(cast("dict[str, object]", document["task"]))
        combine = cast("str", document.get("combine", "product"))
        parameters, cases = cases_of(document["parameters"], combine)
        check_task(task, parameters)
        first = case_task(task, "sweep_" + "0" * 26, cases, 0)
        admitted = await self._scheduler.parts.admit(caller, first, "/body/task")
        self._scheduler.planner.check(admitted, "/body/task")
        if "git" in admitted:
            # The commit that its branch is now, for all cases: they begin at different times.
            task["git"] = admitted["git"]
        mount_env = task.pop("mount_env", None)
        encrypted = self._vault.encrypt(msgspec.json.encode(mount_env)) if mount_env else None
        plan = SweepPlan(task, parameters, encrypted)
        row = SweepRow(
            id=self._store.new_id("sweep"),
            project=caller.project,
            created_by=caller.user,
            name=cast("str | None", task.get("name")),
            status="running",
            combine=combine,
            max_parallel=cast("int | None", document.get("max_parallel")),
            on_failure=cast("str", document.get("on_failure", "continue")),
            created_at=time.time(),
            pending=len(cases),
        )
        return await self._to_its_end(self._create(row, plan, key))

    async def _create(self, row: SweepRow, plan: SweepPlan, key: IdempotencyKey | None) -> Created:
        answer = msgspec.json.encode(sweep_document(row, plan))
        created = await self.rows.create(row, plan, key, answer)
        if not created.replayed:
            self._take_up(row)
        return created

    async def cancel(self, project: str, sweep_id: str) -> SweepRow:
        """Ask for a sweep's end and return the sweep; one that has ended is returned as it is.

        Raises:
            SweepNotFound: the project has no such sweep.
        """
        return await self._to_its_end(self._changed(self.rows.cancel(project, sweep_id)))

    async def retry(self, project: str, sweep_id: str) -> SweepRow:
        """Run the cases again that failed or were cancelled, and return the sweep.

        Raises:
            SweepNotFound: the project has no such sweep.
            Conflict: it is stopping.
        """
        return await self._to_its_end(self._changed(self.rows.retry(project, sweep_id)))

    async def _changed(self, change: Awaitable[SweepRow]) -> SweepRow:
        row = await change
        if not row.terminal:
            self._take_up(row)
        self._changes.publish_sweep(row.id)
        return row

    async def delete(self, project: str, sweep_id: str) -> None:
        """Remove a sweep that has ended; the tasks of its cases stay.

        Raises:
            SweepNotFound: the project has no such sweep.
            Conflict: it has not ended.
        """
        await self.rows.delete(project, sweep_id)
        self._changes.publish_sweep(sweep_id)

    def _take_up(self, row: SweepRow) -> None:
        if row.id not in self._running:
            self._running.add(row.id)
            self._in_background(self._run(row))

    async def _run(self, row: SweepRow) -> None:
        """Do what there is to do about a sweep until it has ended."""
        try:
            with self._changes.sweep(row.id) as waiter:
                run = await self._durably(partial(self._taken_up, row))
                while not (row := self.rows.get(row.project, row.id)).terminal:
                    if not await self._durably(partial(self._step, row, run)):
                        await waiter.wait()
        finally:
            # At once, as a retry must find either a sweep that is seen to or one that is not.
            self._running.discard(row.id)

    async def _taken_up(self, row: SweepRow) -> _Run:
        plan = self.rows.plan(row.id)
        if plan.encrypted_mount_env is not None:
            plan.task["mount_env"] = msgspec.json.decode(
                self._vault.decrypt(plan.encrypted_mount_env)
            )
        active = self.rows.cases(row.id, status="active", limit=row.total)
        for case in active:
            self._in_background(self._follow(row, case.number, cast("str", case.task_id)))
        return _Run(row, plan)

    async def _step(self, row: SweepRow, run: _Run) -> bool:
        """Do the next thing; return False when there is nothing to do before something happens."""
        if row.status == "running":
            run.is_stopped = False
        elif not run.is_stopped:
            for case in self.rows.cases(row.id, status="active", limit=row.total):
                await self._cancel_task(row, case)
            run.is_stopped = True
        room = self.rows.room(row)
        if not room:
            return False
        limit = min(room, _MOST_STARTS)
        pending = self.rows.cases(row.id, status="pending", limit=limit)
        await asyncio.gather(*(self._start(row, run, case.number) for case in pending))
        return True

    async def _cancel_task(self, row: SweepRow, case: CaseRow) -> None:
        try:
            await self._scheduler.cancel(row.project, cast("str", case.task_id), force=False)
        except TaskNotFound:
            log.info("%s: the task of case %d was deleted before", row.id, case.number)

    async def _start(self, row: SweepRow, run: _Run, number: int) -> None:
        """Create the task of a case, or note why there can be none."""
        task = case_task(run.task, row.id, run.cases, number)
        try:
            created = await self._scheduler.submit(
                run.caller, [task], None, answer=lambda rows: rows[0].id.encode()
            )
        except CaseTaken:
            log.info("%s: case %d is not to be started any more", row.id, number)
        except (StorageFull, Unavailable):
            raise
        except Exception as error:  # a mistake in one case must not hold up the others
            message = "the gateway made a mistake; its log has more"
            if isinstance(error, Problem):
                message = error.detail
            else:
                log.error("%s: case %d has no task", row.id, number, exc_info=error)
            await self._end(row, partial(self.rows.refuse_case, row.id, number, message))
        else:
            self._in_background(self._follow(row, number, created.answer.decode()))

    async def _follow(self, row: SweepRow, number: int, task_id: str) -> None:
        """Wait until the task of a case has ended, and note how."""
        task = await self._durably(partial(self._ended_task, row.project, task_id))
        if task is None:
            change = partial(self.rows.lose_case, row.id, number, task_id)
        else:
            change = partial(self.rows.end_case, row.id, number, task)
        await self._durably(partial(self._end, row, change))

    async def _ended_task(self, project: str, task_id: str) -> TaskRow | None:
        with self._changes.task(task_id) as waiter:
            while True:
                task = self._store.get_task(project, task_id)
                if task is None or task.terminal:
                    return task
                await waiter.wait()

    async def _end(self, row: SweepRow, change: Callable[[], Awaitable[SweepRow | None]]) -> None:
        await change()
        self._changes.publish_sweep(row.id)

    async def _durably(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something that a full disk or a locked database delays, as often as it takes."""
        while True:
            try:
                return await work()
            except (StorageFull, Unavailable) as error:
                log.warning("a sweep has to wait: %s", error)
                await asyncio.sleep(_STORAGE_RETRY)

    async def _to_its_end(self, work: Coroutine[object, object, T]) -> T:
        """Do the whole of what a caller asked for, even when the caller goes away meanwhile."""
        return await asyncio.shield(self._task(work))

    def _in_background(self, work: Coroutine[object, object, None]) -> None:
        self._task(work).add_done_callback(_report_failure)

    def _task(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


class SweepPart:
    """A task's being a case of a sweep; no caller can ask for it, only `Sweeps` does.

    Args:
        rows: the sweeps.
    """

    name = "sweep"
    fields = frozenset({"sweep_id"})

    def __init__(self, rows: SweepStore) -> None:
        self._rows = rows

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Name the sweep."""
        return f"case {settings['sweep_case']} of {settings['sweep_id']}"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Note the case's task.

        Raises:
            CaseTaken: the case is not to be started any more, or not now.
        """
        self._rows.begin_case(connection, row)

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Say what it may run with, where the engine runs many as one."""
        sweep = self._rows.get(row.project, cast("str", row.settings["sweep_id"]))
        prepared.array = Array(sweep.id, sweep.pending + sweep.active, sweep.max_parallel)


class _Run:
    """A sweep that runs, decoded once."""

    def __init__(self, row: SweepRow, plan: SweepPlan) -> None:
        self.caller = Principal(row.created_by, row.project)
        self.task = plan.task
        self.cases = Cases(plan.parameters, row.combine)
        self.is_stopped = False
        """Its tasks were asked to end."""


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a sweep could not be moved on", exc_info=task.exception())
