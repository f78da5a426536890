"""Tasks that are pending but not to be queued yet: held, tried again later, or behind others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from flowkit_gateway.store.dependencies import Dependencies, Dependency
from flowkit_gateway.store.rows import TERMINAL, TaskRow

_STARTED = TERMINAL | {"running", "preempting", "paused"}


class Waits:
    """Lets tasks into the queue when nothing keeps them from it any more.

    Args:
        dependencies: what goes before what.
        find: returns a task by its id, None when it was deleted.
        ready: told of a task that is to be queued.
        hopeless: told of a task that can never be queued, and why.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        find: Callable[[str], TaskRow | None],
        *,
        ready: Callable[[TaskRow], None],
        hopeless: Callable[[TaskRow, str], None],
    ) -> None:
        self._dependencies = dependencies
        self._find = find
        self._ready = ready
        self._hopeless = hopeless
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def idle(self) -> bool:
        """Nothing happens by itself: a task that is held waits for a caller."""
        return not self._timers

    def close(self) -> None:
        """Let nothing in any more; the next gateway looks again."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def admit(self, row: TaskRow) -> None:
        """Let a pending task into the queue, now or once it may."""
        self.forget(row.id)
        if row.held_at is not None:
            return
        waiting = self.waiting_for(row)
        impossible = next((each for each in waiting if _is_impossible(each)), None)
        if impossible is not None:
            self._hopeless(row, _why(impossible))
        elif not waiting:
            delay = 0.0 if row.retry_at is None else row.retry_at - time.time()
            if delay <= 0:
                self._ready(row)
            else:
                loop = asyncio.get_running_loop()
                self._timers[row.id] = loop.call_later(delay, self._look_again, row.id)

    def waiting_for(self, row: TaskRow) -> list[Dependency]:
        """Return the dependencies of a task that are not where they must be."""
        if not row.settings.get("depends_on"):
            return []
        return [each for each in self._dependencies.of(row.id) if not _is_met(each)]

    def moved(self, task_id: str) -> None:
        """Look at the tasks behind one that has started or ended."""
        for behind in self._dependencies.behind(task_id):
            self._look_again(behind)

    def _look_again(self, task_id: str) -> None:
        self.forget(task_id)
        row = self._find(task_id)
        if row is not None and row.status == "pending":
            self.admit(row)

    def forget(self, task_id: str) -> None:
        """Keep a task waiting no longer that was cancelled or held."""
        timer = self._timers.pop(task_id, None)
        if timer is not None:
            timer.cancel()


def _is_met(dependency: Dependency) -> bool:
    match dependency.condition:
        case "after":
            return dependency.status in _STARTED
        case "afterany":
            return dependency.status in TERMINAL
    return dependency.status == "completed"


def _is_impossible(dependency: Dependency) -> bool:
    return dependency.status is None or dependency.status in TERMINAL


def _why(dependency: Dependency) -> str:
    if dependency.status is None:
        return f"it depends on {dependency.task_id}, which is gone"
    return f"it depends on {dependency.task_id} being completed, which is {dependency.status}"
