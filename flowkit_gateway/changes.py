"""Tells waiters on this event loop that something they watch has changed."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Waiter:
    """Waits for changes of one subject; what happens between two waits is not missed."""

    def __init__(self, waiters: dict[str, set[Waiter]], subject: str) -> None:
        self._waiters = waiters
        self._subject = subject
        self._changed = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> bool:
        """Return True once something has changed since the last wait, False after `timeout`."""
        if not self._changed.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                return False
        self._changed.clear()
        return True

    def wake(self) -> None:
        """Let `wait` return."""
        self._changed.set()

    def __enter__(self) -> Waiter:
        self._waiters.setdefault(self._subject, set()).add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        remaining = self._waiters[self._subject]
        remaining.discard(self)
        if not remaining:
            del self._waiters[self._subject]


class Changes:
    """Notifications of one gateway process, sent after the change is durable.

    Example:
        >>> async def main() -> bool:
        ...     changes = Changes()
        ...     with changes.task("task_1") as waiter:
        ...         changes.publish("default", "task_1")
        ...         return await waiter.wait(timeout=1)
        >>> asyncio.run(main())
        True
    """

    def __init__(self) -> None:
        self._tasks: dict[str, set[Waiter]] = {}
        self._projects: dict[str, set[Waiter]] = {}
        self._sweeps: dict[str, set[Waiter]] = {}

    def task(self, task_id: str) -> Waiter:
        """Return a context manager that watches one task."""
        return Waiter(self._tasks, task_id)

    def project(self, project: str) -> Waiter:
        """Return a context manager that watches a project's events."""
        return Waiter(self._projects, project)

    def sweep(self, sweep_id: str) -> Waiter:
        """Return a context manager that watches one sweep."""
        return Waiter(self._sweeps, sweep_id)

    def publish_sweep(self, sweep_id: str) -> None:
        """Wake whoever watches the sweep."""
        for waiter in self._sweeps.get(sweep_id, ()):
            waiter.wake()

    def publish(self, project: str, task_id: str | None = None) -> None:
        """Wake whoever watches the task or the project."""
        for waiter in self._projects.get(project, ()):
            waiter.wake()
        if task_id is not None:
            for waiter in self._tasks.get(task_id, ()):
                waiter.wake()
