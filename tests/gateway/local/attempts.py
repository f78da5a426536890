"""A local engine under test, and what it reported."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from flowkit_gateway.engines.engine import Launch, Observation, State
from flowkit_gateway.engines.local import procfs
from flowkit_gateway.engines.local.engine import LocalEngine

T = TypeVar("T")

WITHIN = 20.0
UMASK = 0o026
"""Of the commands; unlike any that is usual."""


class Attempts:
    """Starts attempts on an engine and waits for what it reports of them."""

    def __init__(
        self, tasks_dir: Path, task_id: str | None = None, *, namespaces: bool | None = None
    ) -> None:
        self.tasks_dir = tasks_dir
        # Marks the processes of a test apart from those of tests that run at the same time.
        self.task_id = task_id or f"task_{uuid.uuid4().hex}"
        self.engine = LocalEngine(tasks_dir, task_umask=UMASK, namespaces=namespaces)
        self.reported: list[Observation] = []
        self._news = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()
        self._successors: list[Attempts] = []

    async def __aenter__(self) -> Self:
        await self.engine.open(self._take)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Kill what still runs, and close the engine and those that replaced it."""
        for observation in self.reported:
            await self.engine.cancel(observation.task_id, observation.attempt, force=True)
        await self.engine.close()
        for successor in self._successors:
            await successor.__aexit__()

    async def reopen(self) -> Attempts:
        """Replace the engine by a new one, as a restarted gateway would."""
        await self.engine.close()
        successor = await Attempts(self.tasks_dir, self.task_id).__aenter__()
        self._successors.append(successor)
        return successor

    def _take(self, observation: Observation) -> None:
        self.reported.append(observation)

        async def wake() -> None:
            async with self._news:
                self._news.notify_all()

        waker = asyncio.get_running_loop().create_task(wake())
        self._wakers.add(waker)
        waker.add_done_callback(self._wakers.discard)

    def launch(self, command: Sequence[str], task_id: str | None = None) -> Launch:
        return Launch(
            task_id=task_id or self.task_id,
            attempt=1,
            run_dir=self.run_dir(task_id),
            command=command,
            env={"PATH": os.environ["PATH"]},
            working_dir=None,
            cpus=1,
            memory_bytes=None,
            devices=(),
            max_run_time=None,
            grace_period=5.0,
            max_output_bytes=1 << 30,
        )

    def run_dir(self, task_id: str | None = None) -> Path:
        return self.tasks_dir / (task_id or self.task_id) / "1"

    def output(self, name: str = "stdout", task_id: str | None = None) -> bytes:
        path = self.run_dir(task_id) / name
        return path.read_bytes() if path.exists() else b""

    async def start(self, command: Sequence[str], **changes: object) -> None:
        """Start an attempt; `changes` are fields of `Launch`."""
        launch = self.launch(command, str(changes.pop("task_id", self.task_id)))
        await self.engine.start(launch._replace(**changes))  # type: ignore[arg-type]  # by name

    async def run(self, command: Sequence[str], **changes: object) -> Observation:
        """Run an attempt to its end."""
        task_id = str(changes.get("task_id", self.task_id))
        await self.start(command, **changes)
        return await self.end(task_id)

    async def shell(self, script: str, **changes: object) -> Observation:
        return await self.run(["bash", "-c", script], **changes)

    async def attach(self, task_id: str | None = None) -> None:
        await self.engine.attach(task_id or self.task_id, 1, self.run_dir(task_id))

    async def end(self, task_id: str | None = None) -> Observation:
        """Wait for the last observation of an attempt."""
        async with asyncio.timeout(WITHIN), self._news:
            while not (found := self._ends(task_id)):
                await self._news.wait()
        return found[0]

    def states(self, task_id: str | None = None) -> list[State]:
        return [each.state for each in self.reported if each.task_id == (task_id or self.task_id)]

    def _ends(self, task_id: str | None) -> list[Observation]:
        return [
            each
            for each in self.reported
            if each.task_id == (task_id or self.task_id) and each.state is not State.RUNNING
        ]

    async def written(self, what: bytes, name: str = "stdout", task_id: str | None = None) -> bytes:
        """Wait until the attempt's output contains something, and return the output."""
        await reached(lambda: what in self.output(name, task_id))
        return self.output(name, task_id)


async def reached(probe: Callable[[], T | None], *, within: float = WITHIN) -> T:
    """Return the first truthy value of a probe, without holding up the event loop."""
    async with asyncio.timeout(within):
        while not (value := probe()):  # noqa: ASYNC110  # files and processes set no events
            await asyncio.sleep(0.005)
    return value


def running(pid: int) -> bool:
    """Say whether a process is there and not just waiting to be reaped."""
    found = procfs.process(pid)
    return found is not None and found.state not in "ZX"


def marked(task_id: str) -> list[int]:
    """List the processes that an attempt of a task started and that still run."""
    mark = f"FLOWKIT_TASK_ID={task_id}".encode()
    found = procfs.marked(lambda environment: mark in environment.split(b"\0"))
    return [process.pid for process in found if process.state not in "ZX"]
