"""Tasks that are submitted, from their documents to rows that can be created."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

from flowkit_gateway import dependencies
from flowkit_gateway.placement import Demand
from flowkit_gateway.planner import Planner
from flowkit_gateway.principal import Principal
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.store import Store
from flowkit_gateway.task_parts import TaskParts

_MANY = 100
"""Tasks of one create from which on they are prepared beside the event loop."""


class Submission(NamedTuple):
    """Tasks that can be created."""

    rows: list[TaskRow]
    demands: list[Demand]
    answer: bytes
    """The body to answer with."""


class Submissions:
    """Checks tasks and makes their rows.

    Args:
        store: gives ids, and knows the tasks that others may depend on.
        engine: name of the engine that will run them.
        planner: says whether it can.
        parts: what tasks may have besides their commands.
    """

    def __init__(self, store: Store, engine: str, planner: Planner, parts: TaskParts) -> None:
        self._store = store
        self._engine = engine
        self._planner = planner
        self._parts = parts

    async def accept(
        self,
        caller: Principal,
        tasks: Sequence[Mapping[str, object]],
        locs: Sequence[str],
        answer: Callable[[Sequence[TaskRow]], bytes],
    ) -> Submission:
        """Return the rows of tasks that can all be accepted.

        Args:
            caller: who submits them; they belong to its project.
            tasks: validated `TaskCreate` documents.
            locs: JSON pointers of the documents in the request, for errors.
            answer: renders the rows as the body to answer with.

        Raises:
            Problem: a document cannot be accepted.
        """
        ids = [self._store.new_task_id() for _ in tasks]
        tasks = dependencies.resolved(
            tasks, ids, locs, lambda name: self._store.get_task(caller.project, name) is not None
        )
        tasks = [
            await self._parts.admit(caller, task, loc)
            for task, loc in zip(tasks, locs, strict=True)
        ]
        if len(tasks) < _MANY:
            return self._submission(caller, ids, tasks, locs, answer)
        return await asyncio.to_thread(self._submission, caller, ids, tasks, locs, answer)

    def _submission(
        self,
        caller: Principal,
        ids: Sequence[str],
        tasks: Sequence[Mapping[str, object]],
        locs: Sequence[str],
        answer: Callable[[Sequence[TaskRow]], bytes],
    ) -> Submission:
        """Check tasks and make their rows, on any thread: this reads only what is constant."""
        now = time.time()
        rows, demands = [], []
        for task_id, task, loc in zip(ids, tasks, locs, strict=True):
            demand, simulated = self._planner.check(task, loc)
            demands.append(demand)
            settings = dict(task)
            mount_env = cast("dict[str, str] | None", settings.pop("mount_env", None))
            rows.append(
                TaskRow(
                    id=task_id,
                    project=caller.project,
                    created_by=caller.user,
                    status="pending",
                    settings=settings,
                    engine=self._engine,
                    created_at=now,
                    name=cast("str | None", task.get("name")),
                    labels=cast("dict[str, str] | None", task.get("labels")) or {},
                    priority=cast("int | None", task.get("priority")) or 0,
                    simulated=simulated,
                    held_at=now if task.get("hold") else None,
                    mount_env=mount_env,
                )
            )
        return Submission(rows, demands, answer(rows))
