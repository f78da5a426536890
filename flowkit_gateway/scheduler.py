"""From the queue to the engine and back: the only module that starts and ends tasks."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import cast

from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.changes import Changes
from flowkit_gateway.engines.engine import Engine, Launch, Observation, StartError, State
from flowkit_gateway.logs.reader import AttemptLog
from flowkit_gateway.placement import Pool
from flowkit_gateway.planner import Planner
from flowkit_gateway.problems import StorageFull, TaskNotFound
from flowkit_gateway.store.rows import Created, IdempotencyKey, Placement, TaskRow
from flowkit_gateway.store.store import Store, encode_placement
from flowkit_gateway.task_queue import TaskQueue

log = logging.getLogger(__name__)

GRACE_PERIOD = 5.0
"""Seconds between asking a task to stop and killing it."""

_INHERITED = ("PATH", "HOME", "LANG", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR")
"""What a task sees of the gateway's own environment, unless its caller's goes before it."""

_STORAGE_RETRY = 1.0


class Scheduler:
    """Runs the tasks of one store on one engine.

    Args:
        store: the rows.
        engine: what runs attempts.
        changes: told of every change once it is durable.
        data_dir: holds a directory for each task.
        max_output_bytes: most output that is kept of one attempt.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        changes: Changes,
        *,
        data_dir: Path,
        max_output_bytes: int,
    ) -> None:
        self._store = store
        self._engine = engine
        self._changes = changes
        self._tasks_dir = data_dir / "tasks"
        self._max_output_bytes = max_output_bytes
        self.pool = Pool(engine.capacity())
        self.catalogue = Catalogue(self.pool)
        self.planner = Planner(engine, self.pool, self.catalogue)
        self._queue = TaskQueue()
        self._held: dict[str, Placement] = {}
        self._starting: dict[str, bool | None] = {}
        """Tasks on their way into the engine; whether a cancel came meanwhile, and if by force."""
        self._background: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def idle(self) -> bool:
        """Nothing is queued, running or waiting to be recorded."""
        return not (self._queue or self._held or self._background)

    @property
    def running(self) -> int:
        """How many tasks hold resources."""
        return len(self._held)

    def queue_position(self, task_id: str) -> int | None:
        """Return a task's place in the queue, from 1."""
        return self._queue.position(task_id)

    def log(self, row: TaskRow) -> AttemptLog | None:
        """Return the output of a task's newest attempt, None before the first."""
        return AttemptLog(self._run_dir(row.id, row.attempt)) if row.attempt else None

    async def open(self) -> None:
        """Take up what an earlier gateway left: queued tasks, and attempts that may still run."""
        await self._engine.open(self._observe)
        await self._store.forget_old_keys()
        for row in self._store.unfinished_tasks():
            if row.status == "pending":
                self._enqueue(row)
                continue
            placement = row.placement or Placement(0.0, 0)
            self.pool.take(placement)
            self._held[row.id] = placement
            await self._engine.attach(row.id, row.attempt, self._run_dir(row.id, row.attempt))
            if row.cancel_requested_at is not None:
                await self._engine.cancel(row.id, row.attempt, force=False)
        self._start_what_fits()

    async def close(self) -> None:
        """Stop starting and observing tasks; those that run live on."""
        self._closing = True
        await self._settle()
        await self._engine.close()
        await self._settle()

    async def _settle(self) -> None:
        while self._background:
            await asyncio.wait(self._background)

    async def submit(
        self,
        project: str,
        user: str,
        tasks: Sequence[Mapping[str, object]],
        key: IdempotencyKey | None,
        *,
        answer: Callable[[Sequence[TaskRow]], bytes],
        locs: Sequence[str] = ("/body",),
    ) -> Created:
        """Accept tasks, all or none; they are durable when this returns.

        Args:
            project: where the tasks belong.
            user: who submits them.
            tasks: validated `TaskCreate` documents.
            key: what makes the call safe to repeat.
            answer: renders the rows as the body to answer with, now and at each repetition.
            locs: JSON pointers of the documents in the request, for errors.

        Raises:
            Problem: a document cannot be accepted; nothing was created.
        """
        replay = self._store.find_answer(project, key)
        if replay is not None:
            return replay
        now = time.time()
        rows = []
        for task, loc in zip(tasks, locs, strict=True):
            _, simulated = self.planner.check(task, loc)
            rows.append(
                TaskRow(
                    id=self._store.new_task_id(),
                    project=project,
                    created_by=user,
                    status="pending",
                    settings=dict(task),
                    engine=self._engine.name,
                    created_at=now,
                    name=cast("str | None", task.get("name")),
                    labels=cast("dict[str, str] | None", task.get("labels")) or {},
                    priority=cast("int | None", task.get("priority")) or 0,
                    simulated=simulated,
                )
            )
        created = await self._store.create_tasks(rows, key, answer(rows))
        if not created.replayed:
            for row in rows:
                self._enqueue(row)
                self._changes.publish(project, row.id)
            self._start_what_fits()
        return created

    async def cancel(self, project: str, task_id: str, *, force: bool) -> TaskRow:
        """Ask for a task's end and return the task; one that has ended is returned as it is.

        Raises:
            TaskNotFound: the project has no such task.
        """
        row = self._find(project, task_id)
        if row.terminal:
            return row
        now = time.time()
        ended = await self._store.transition(
            task_id,
            allowed=["pending"],
            event="task.cancelled",
            at=now,
            changes={
                "status": "cancelled",
                "reason": "cancelled",
                "message": "cancelled before it started",
                "finished_at": now,
                "cancel_requested_at": now,
            },
        )
        if ended is not None:
            self._queue.remove(task_id)
            self._changes.publish(project, task_id)
            return ended
        if row.cancel_requested_at is None:
            await self._store.transition(
                task_id,
                allowed=["starting", "running"],
                event="task.cancel_requested",
                at=now,
                changes={"cancel_requested_at": now},
            )
            self._changes.publish(project, task_id)
        row = self._find(project, task_id)
        if task_id in self._starting:
            self._starting[task_id] = force
        elif not row.terminal:
            await self._engine.cancel(task_id, row.attempt, force=force)
        return row

    async def update(
        self,
        project: str,
        task_id: str,
        *,
        name: str | None,
        labels: Mapping[str, str],
        priority: int,
    ) -> TaskRow:
        """Set a task's name, labels and priority, and give it its new place in the queue."""
        row = await self._store.update_task(
            project, task_id, name=name, labels=labels, priority=priority
        )
        self._queue.reprioritize(task_id, priority)
        self._changes.publish(project, task_id)
        self._start_what_fits()
        return row

    async def delete(self, project: str, task_id: str) -> None:
        """Remove a finished task and what is kept of it."""
        await self._store.delete_task(project, task_id)
        await self._engine.discard(task_id)
        self._changes.publish(project, task_id)

    def _find(self, project: str, task_id: str) -> TaskRow:
        row = self._store.get_task(project, task_id)
        if row is None:
            raise TaskNotFound(f"there is no task {task_id}")
        return row

    def _run_dir(self, task_id: str, attempt: int) -> Path:
        return self._tasks_dir / task_id / str(attempt)

    def _enqueue(self, row: TaskRow) -> None:
        self._queue.add(row.id, row.priority, self.planner.demand(row.settings))

    def _start_what_fits(self) -> None:
        if self._closing:
            return
        for task_id, placement in self._queue.start_what_fits(self.pool):
            self._held[task_id] = placement
            self._in_background(self._start(task_id, placement))

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished_in_background)

    def _finished_in_background(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task could not be moved on", exc_info=task.exception())

    async def _start(self, task_id: str, placement: Placement) -> None:
        """Start a task's next attempt: the intent is durable before the engine acts."""
        self._starting[task_id] = None
        group = self.pool.group_of(placement)
        row = await self._record(
            task_id,
            allowed=["pending"],
            event="task.starting",
            at=time.time(),
            changes={
                "status": "starting",
                "placement": encode_placement(placement),
                "instance_type": self.catalogue.instance_type(group, placement),
            },
            next_attempt=True,
        )
        if row is None:
            del self._starting[task_id]
            self._release(task_id)
            return
        try:
            await self._engine.start(self._launch(row, placement))
        except StartError as error:
            self._observe(
                Observation(
                    task_id,
                    row.attempt,
                    State.ENDED,
                    time.time(),
                    reason="start_failed",
                    message=str(error),
                )
            )
        force = self._starting.pop(task_id)
        if force is not None:
            await self._engine.cancel(task_id, row.attempt, force=force)

    def _launch(self, row: TaskRow, placement: Placement) -> Launch:
        settings = row.settings
        own = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        caller = cast("dict[str, str]", settings.get("caller_env") or {})
        env = cast("dict[str, str]", settings.get("env") or {})
        return Launch(
            task_id=row.id,
            attempt=row.attempt,
            run_dir=self._run_dir(row.id, row.attempt),
            command=cast("list[str]", settings["command"]),
            env={**own, **caller, **env},
            working_dir=cast("str | None", settings.get("working_dir")),
            cpus=placement.cpus,
            memory_bytes=placement.memory_bytes or None,
            devices=self.pool.devices(placement),
            max_run_time=cast("float | None", settings.get("max_run_time")),
            grace_period=GRACE_PERIOD,
            max_output_bytes=self._max_output_bytes,
        )

    def _observe(self, observation: Observation) -> None:
        """Take an engine's news. What was held is free at once, so that the next task can start."""
        if observation.state is State.RUNNING:
            self._in_background(self._running(observation))
            return
        self._release(observation.task_id)
        if observation.state is State.NEVER_STARTED:
            self._in_background(self._requeue(observation))
        else:
            self._in_background(self._ended(observation))

    def _release(self, task_id: str) -> None:
        placement = self._held.pop(task_id, None)
        if placement is not None:
            self.pool.give(placement)
        self._start_what_fits()

    async def _running(self, observation: Observation) -> None:
        await self._record(
            observation.task_id,
            allowed=["starting"],
            event="task.running",
            at=observation.at,
            attempt=observation.attempt,
            changes={"status": "running", "started_at": observation.started_at or observation.at},
        )

    async def _requeue(self, observation: Observation) -> None:
        row = await self._record(
            observation.task_id,
            allowed=["starting", "running"],
            event="task.pending",
            at=observation.at,
            attempt=observation.attempt,
            changes={"status": "pending", "placement": None, "instance_type": None},
        )
        if row is None:
            return
        if row.cancel_requested_at is not None:
            await self.cancel(row.project, row.id, force=False)
            return
        self._enqueue(row)
        self._start_what_fits()

    async def _ended(self, observation: Observation) -> None:
        status, reason, message = _outcome(observation)
        changes: dict[str, str | int | float | None] = {
            "status": status,
            "reason": reason,
            "message": message,
            "exit_code": observation.exit_code,
            "finished_at": observation.at,
            "output_bytes": observation.output_bytes,
            "output_dropped_bytes": observation.output_dropped_bytes or None,
        }
        if observation.started_at is not None:
            changes["started_at"] = observation.started_at
        await self._record(
            observation.task_id,
            allowed=["starting", "running"],
            event=f"task.{status}",
            at=observation.at,
            attempt=observation.attempt,
            changes=changes,
        )

    async def _record(
        self,
        task_id: str,
        *,
        allowed: Sequence[str],
        event: str,
        at: float,
        changes: Mapping[str, str | int | float | None],
        attempt: int | None = None,
        next_attempt: bool = False,
    ) -> TaskRow | None:
        """Make a change durable and tell of it; a full disk delays it and loses nothing."""
        while True:
            try:
                row = await self._store.transition(
                    task_id,
                    allowed=allowed,
                    event=event,
                    at=at,
                    attempt=attempt,
                    changes=changes,
                    next_attempt=next_attempt,
                )
            except StorageFull as error:
                if self._closing:
                    # The next gateway finds it out again from the attempt's own files.
                    return None
                log.warning("%s: %s cannot be recorded yet: %s", task_id, event, error)
                await asyncio.sleep(_STORAGE_RETRY)
                continue
            if row is not None:
                self._changes.publish(row.project, row.id)
            return row


def _outcome(observation: Observation) -> tuple[str, str, str | None]:
    """Return the status, reason and message of an attempt that is over."""
    if observation.state is State.LOST:
        message = observation.message or "the machine or the task's supervisor went away"
        return "failed", observation.reason or "node_lost", message
    reason = observation.reason or "exited"
    if reason == "cancelled":
        return "cancelled", reason, observation.message
    if reason == "exited" and observation.exit_code == 0:
        return "completed", reason, observation.message
    return "failed", reason, observation.message
