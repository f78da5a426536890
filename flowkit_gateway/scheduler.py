"""From the queue to the engine and back: the only module that starts and ends tasks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast

from flowkit_gateway.attempts import Attempts
from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.changes import Changes
from flowkit_gateway.delegated_pool import pool_of
from flowkit_gateway.disk import has_room
from flowkit_gateway.engines.engine import Engine, Observation, State
from flowkit_gateway.engines.node_dirs import node_dir
from flowkit_gateway.free_devices import Shelf
from flowkit_gateway.held import HeldShares, Share
from flowkit_gateway.journal import Journal
from flowkit_gateway.logs.reader import AttemptLog
from flowkit_gateway.planner import Planner
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Problem, StorageFull, TaskNotFound
from flowkit_gateway.retries import retry_delay, told_apart
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey, TaskChanges, TaskRow
from flowkit_gateway.store.store import Store, refuse_to_delete
from flowkit_gateway.submissions import Submission, Submissions
from flowkit_gateway.task_parts import TaskParts
from flowkit_gateway.task_queue import TaskQueue
from flowkit_gateway.waits import Waits

T = TypeVar("T")

log = logging.getLogger(__name__)

_DISK_RETRY = 1.0
"""Seconds between two looks at a full disk."""

_MOST_STARTS = 50
"""Most tasks that one turn of the event loop starts, so that calls are answered meanwhile."""


class Scheduler:
    """Runs the tasks of one store on one engine.

    Args:
        store: the rows.
        engine: what runs attempts.
        changes: told of every change once it is durable.
        data_dir: holds a directory for each task.
        max_output_bytes: most output that is kept of one attempt.
        parts: what tasks may have besides their commands.
        is_block: says whether a volume is for one task at a time, as of `BlockVolumes`.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        changes: Changes,
        *,
        data_dir: Path,
        max_output_bytes: int,
        parts: TaskParts | None = None,
        is_block: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._store = store
        self._engine = engine
        self._changes = changes
        self._data_dir = data_dir
        self.pool = pool_of(engine)
        self.catalogue = Catalogue(self.pool)
        self._volumes = BlockVolumes(is_block)
        self.planner = Planner(engine, self.pool, self.catalogue, self._volumes)
        self.parts = parts or TaskParts()
        self._submissions = Submissions(store, engine.name, self.planner, self.parts)
        self._waits = Waits(
            store.dependencies, store.find_task, ready=self._enqueue, hopeless=self._give_up_hope
        )
        self._journal = Journal(store, changes, self._moved)
        self._attempts = Attempts(
            engine,
            self._journal,
            self.pool,
            self.catalogue,
            self.parts,
            self._observe,
            data_dir=data_dir,
            max_output_bytes=max_output_bytes,
        )
        self._queue = TaskQueue()
        self.held = HeldShares(self.pool, self._volumes)
        self._deleting: set[str] = set()
        self._background: set[asyncio.Task[object]] = set()
        self._pass_is_due = False
        self._disk_is_full = False
        self._closing = False

    @property
    def idle(self) -> bool:
        """Nothing is queued, running or waiting to be recorded."""
        nothing_to_do = not (self._queue or self.held or self._background)
        return nothing_to_do and self._waits.idle

    @property
    def running(self) -> int:
        """How many tasks hold resources."""
        return len(self.held)

    def queue_position(self, task_id: str) -> int | None:
        """Return a task's place in the queue, from 1."""
        return self._queue.position(task_id)

    def log(self, row: TaskRow, attempt: int | None = None, node: int = 0) -> AttemptLog | None:
        """Return the output of an attempt on one of its nodes; None before the first.

        Args:
            row: its task.
            attempt: its number, that of the newest one unless given.
            node: from 0.
        """
        number = attempt or row.attempt
        if not number:
            return None
        directory = self._attempts.run_dir(row, number)
        if cast("int", row.settings.get("num_instances") or 1) > 1:
            return AttemptLog(Path(node_dir(str(directory), node)))
        return AttemptLog(directory)

    def waiting_for(self, row: TaskRow) -> list[str]:
        """Return the tasks that one depends on and that are not where they must be."""
        return [each.task_id for each in self._waits.waiting_for(row)]

    async def open(self) -> None:
        """Take up what an earlier gateway left: queued tasks, and attempts that may still run."""
        await self._engine.open(self._observe)
        rows = self._store.unfinished_tasks()
        for row in rows:
            if row.status == "pending":
                self._take_up(row)
            else:
                self.held.take_up(row)
        # Only now: the end of one attempt makes room, which must not be what another one holds.
        for row in rows:
            if row.status != "pending":
                await self._engine.attach(row.id, row.attempt, self._attempts.run_dir(row))
                if row.cancel_requested_at is not None:
                    await self._engine.cancel(row.id, row.attempt, force=False)
        self._start_soon()

    async def close(self) -> None:
        """Stop starting and observing tasks; those that run live on."""
        self._closing = True
        self._waits.close()
        self._journal.close()
        await self._settle()
        await self._engine.close()
        await self._settle()

    async def _settle(self) -> None:
        while self._background:
            await asyncio.wait(self._background)

    def _take_up(self, row: TaskRow) -> None:
        """Queue a task of an earlier gateway, unless it is not to run or cannot run any more."""
        if row.cancel_requested_at is not None:
            self._in_background(self._journal.cancelled(row))
            return
        try:
            demand = self.planner.demand(row.settings)
        except Problem as problem:
            self._in_background(self._journal.given_up(row, problem.detail))
            return
        found = self.pool.feasible(demand)
        if found is False:
            self._in_background(self._journal.given_up(row, self.catalogue.hint()))
        elif isinstance(found, tuple) and found[1].simulated and not row.simulated:
            message = "the GPUs that it was accepted for are gone, and it is not to be simulated"
            self._in_background(self._journal.given_up(row, message))
        else:
            self._waits.admit(row)

    def _enqueue(self, row: TaskRow) -> None:
        self._queue.add(row.id, row.priority, self.planner.demand(row.settings))
        self._start_soon()

    def _give_up_hope(self, row: TaskRow, why: str) -> None:
        self._in_background(self._journal.dependency_failed(row, why))

    def _moved(self, row: TaskRow) -> None:
        """Look at what is behind a task that has started or ended."""
        if row.status != "pending" and not self._closing:
            self._waits.moved(row.id)

    async def plan(self, caller: Principal, task: Mapping[str, object]) -> dict[str, object]:
        """Return the contract's `TaskPlan` of a validated `TaskCreate` document."""
        document, checks = await self.parts.checks(caller, task)
        return self.planner.plan(document, checks)

    async def submit(
        self,
        caller: Principal,
        tasks: Sequence[Mapping[str, object]],
        key: IdempotencyKey | None,
        *,
        answer: Callable[[Sequence[TaskRow]], bytes],
        locs: Sequence[str] = ("/body",),
    ) -> Created:
        """Accept tasks, all or none; they are durable when this returns.

        Args:
            caller: who submits them; they belong to its project.
            tasks: validated `TaskCreate` documents.
            key: what makes the call safe to repeat.
            answer: renders the rows as the body to answer with, now and at each repetition.
            locs: JSON pointers of the documents in the request, for errors.

        Raises:
            StorageFull: there is no room on the disk; nothing was created.
            Problem: a document cannot be accepted; nothing was created.
        """
        replay = self._store.answers.find(caller.project, key)
        if replay is not None:
            return replay
        if not has_room(self._data_dir):
            raise StorageFull(
                "the gateway's disk is full; nothing was changed",
                hint="free some space, then retry",
            )
        submission = await self._submissions.accept(caller, tasks, locs, answer)
        return await self._to_its_end(self._create(caller.project, submission, key))

    async def _create(
        self, project: str, submission: Submission, key: IdempotencyKey | None
    ) -> Created:
        rows, demands, answer = submission

        def also(connection: Transaction) -> None:
            self.parts.insert(connection, rows)

        created = await self._store.create_tasks(rows, key, answer, also=also)
        if not created.replayed:
            for row, demand in zip(rows, demands, strict=True):
                if row.held_at is None and not row.settings.get("depends_on"):
                    self._queue.add(row.id, row.priority, demand)
                else:
                    self._waits.admit(row)
            self._changes.publish(project)
            self._start_soon()
        return created

    async def cancel(self, project: str, task_id: str, *, force: bool) -> TaskRow:
        """Ask for a task's end and return the task; one that has ended is returned as it is.

        Raises:
            TaskNotFound: the project has no such task.
        """
        row = self._find(project, task_id)
        return row if row.terminal else await self._to_its_end(self._cancel(row, force))

    async def _cancel(self, row: TaskRow, force: bool) -> TaskRow:
        row = await self._store.cancel_task(row.project, row.id, time.time())
        self._changes.publish(row.project, row.id)
        if row.terminal:
            self._unqueue(row.id)
            self._moved(row)
        elif not self._attempts.cancel(row.id, force=force):
            await self._engine.cancel(row.id, row.attempt, force=force)
        return row

    async def update(self, project: str, task_id: str, changes: TaskChanges) -> TaskRow:
        """Change a task and give it its new place in the queue.

        Raises:
            TaskNotFound: the project has no such task.
        """
        return await self._to_its_end(self._update(project, task_id, changes))

    async def _update(self, project: str, task_id: str, changes: TaskChanges) -> TaskRow:
        row = await self._store.update_task(project, task_id, changes)
        self._queue.reprioritize(task_id, row.priority)
        self._changes.publish(project, task_id)
        self._start_soon()
        return row

    async def change_settings(
        self,
        project: str,
        task_id: str,
        change: Callable[[Transaction, TaskRow], dict[str, object]],
    ) -> TaskRow:
        """Replace the settings of a task that has not started, as of `Store.change_settings`.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotPending: it has started, or ended.
        """
        return await self._to_its_end(self._change_settings(project, task_id, change))

    async def _change_settings(
        self,
        project: str,
        task_id: str,
        change: Callable[[Transaction, TaskRow], dict[str, object]],
    ) -> TaskRow:
        row = await self._store.change_settings(project, task_id, change)
        if task_id not in self.held:
            # It may need other things than before, and so has another lane in the queue.
            self._queue.remove(task_id)
            self._waits.admit(row)
        self._changes.publish(project, task_id)
        return row

    async def hold(self, project: str, task_id: str) -> TaskRow:
        """Keep a queued task from starting.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotPending: it has started, or ended.
        """
        return await self._to_its_end(self._hold(project, task_id, time.time()))

    async def release(self, project: str, task_id: str) -> TaskRow:
        """Let a task start that is held; one that is not held is returned as it is.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotPending: it has started, or ended.
        """
        return await self._to_its_end(self._hold(project, task_id, None))

    async def _hold(self, project: str, task_id: str, at: float | None) -> TaskRow:
        row = await self._store.hold_task(project, task_id, at)
        if row.held_at is not None:
            self._unqueue(task_id)
        else:
            self._waits.admit(row)
        self._changes.publish(project, task_id)
        return row

    def keep_free(self, shelves: Mapping[str, Shelf], reserved_until: Mapping[str, float]) -> None:
        """Keep devices for reservations from now on, as of `Pool.keep_free`."""
        self.pool.keep_free(shelves, reserved_until)
        self._start_soon()

    async def end_with_reservation(self, row: TaskRow) -> None:
        """End a task whose reservation has ended: it never starts, or is asked to stop."""
        await self._to_its_end(self._end_with_reservation(row))

    async def _end_with_reservation(self, row: TaskRow) -> None:
        self._unqueue(row.id)
        if await self._journal.reservation_ended(row):
            return
        started = self._store.find_task(row.id)
        if started is None or started.terminal:
            return
        if not self._attempts.cancel(row.id, force=False):
            await self._engine.cancel(row.id, started.attempt, force=False)

    async def delete(self, project: str, task_id: str) -> None:
        """Remove a finished task and what is kept of it.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotTerminal: the task has not ended.
        """
        row = self._find(project, task_id)
        refuse_to_delete(row)
        if task_id in self._deleting:
            raise TaskNotFound(f"{task_id} is being deleted")
        self._store.dependencies.refuse_to_delete(task_id)
        self._deleting.add(task_id)
        await self._to_its_end(self._delete(project, task_id))

    def is_being_deleted(self, task_id: str) -> bool:
        """Say whether a task's files are being removed."""
        return task_id in self._deleting

    async def _delete(self, project: str, task_id: str) -> None:
        try:
            # The row goes last: as long as files are left, the delete can be repeated.
            await self._engine.discard(task_id)
            await self._store.delete_task(project, task_id)
        finally:
            self._deleting.discard(task_id)
        self._changes.publish(project, task_id)

    def _unqueue(self, task_id: str) -> None:
        self._queue.remove(task_id)
        self._waits.forget(task_id)
        # What was promised to it may be just what others wait for.
        self._start_soon()

    def _find(self, project: str, task_id: str) -> TaskRow:
        row = self._store.get_task(project, task_id)
        if row is None:
            raise TaskNotFound(f"there is no task {task_id}")
        return row

    def _start_soon(self) -> None:
        """Start what fits in the loop's next turn, once for everything that happens in this one."""
        if not self._closing and not self._pass_is_due:
            self._pass_is_due = True
            asyncio.get_running_loop().call_soon(self._start_what_fits)

    def _start_what_fits(self) -> None:
        self._pass_is_due = False
        if self._closing:
            return
        if self._queue and not has_room(self._data_dir):
            # A task that was started now would fail for a reason that may soon be gone.
            if not self._disk_is_full:
                log.warning("the disk is full; no task is started until there is room")
            self._disk_is_full = self._pass_is_due = True
            asyncio.get_running_loop().call_later(_DISK_RETRY, self._start_what_fits)
            return
        self._disk_is_full = False
        started = self._queue.start_what_fits(self.pool, self._volumes, _MOST_STARTS)
        for task_id, placement in started:
            self._in_background(self._start(task_id, self.held.add(task_id, placement)))
        if len(started) == _MOST_STARTS:
            self._start_soon()

    def _in_background(self, work: Coroutine[object, object, None]) -> None:
        self._task(work).add_done_callback(_report_failure)

    async def _to_its_end(self, work: Coroutine[object, object, T]) -> T:
        """Do the whole of what a caller asked for, even when the caller goes away meanwhile."""
        return await asyncio.shield(self._task(work))

    def _task(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _start(self, task_id: str, held: Share) -> None:
        """Start a task's next attempt."""
        row = None
        try:
            row = await self._attempts.begin(task_id, held.placement)
        finally:
            if row is None:
                self._release(task_id, None)
        if row is None:
            return
        held.attempt = row.attempt
        if set(self._volumes.of(row.settings)) <= set(held.placement.volumes):
            await self._attempts.start(row, held.placement)
        else:
            # It was given another mount after it was chosen: it must wait for that volume too.
            self._attempts.give_up(row)

    def _observe(self, observation: Observation) -> None:
        """Take an engine's news. What was held is free at once, so that the next task can start."""
        if observation.state is State.RUNNING:
            self._in_background(self._journal.running(observation))
            return
        if observation.state is State.QUEUED:
            self._in_background(self._journal.queued(observation))
            return
        self._release(observation.task_id, observation.attempt)
        # Before the end is durable: until then a gateway that is killed is told of it again.
        self.parts.clear(self._attempts.directory(observation.task_id, observation.attempt))
        if observation.message is not None:
            message = self.parts.redacted(observation.task_id, observation.message)
            observation = observation._replace(message=message)
        if observation.state is State.NEVER_STARTED:
            self._in_background(self._queue_again(observation))
        else:
            self._in_background(self._ended(observation))

    async def _ended(self, seen: Observation) -> None:
        row = self._store.find_task(seen.task_id)
        if row is not None:
            seen = told_apart(row, seen)
        delay = None if row is None else retry_delay(row, seen)
        if row is None or delay is None:
            await self._journal.ended(seen)
        elif (retried := await self._journal.retrying(row, seen, delay)) is not None:
            self._waits.admit(retried)

    def _release(self, task_id: str, attempt: int | None) -> None:
        if self.held.release(task_id, attempt):
            self._start_soon()

    async def _queue_again(self, observation: Observation) -> None:
        row = await self._journal.never_started(observation)
        if row is not None:
            self._waits.admit(row)


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a task could not be moved on", exc_info=task.exception())
