"""An engine that runs nothing: tasks end by a clock, with exit code 0 and without output."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from flowkit_gateway.engines.engine import (
    Capabilities,
    Capacity,
    Device,
    Launch,
    Observation,
    Report,
    State,
)

_GPUS = 1024
_GPU_MEMORY_GB = 80.0


class NullEngine:
    """Pretends to run tasks, for tests and for measuring the rest of the gateway.

    Args:
        duration: seconds that every task takes.
    """

    name = "null"

    def __init__(self, duration: float = 0.01) -> None:
        self._duration = duration
        self._capacity = Capacity(cpus=100_000.0, memory_bytes=10**15, devices=_devices())
        self._report: Report | None = None
        self._ends: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._started: dict[tuple[str, int], float] = {}

    def capabilities(self) -> Capabilities:
        """Say that everything is possible, as nothing is done."""
        return Capabilities(
            max_num_instances=100_000, in_place=True, fractional_gpus=True, mounts="namespace"
        )

    def capacity(self) -> Capacity:
        """Offer more than tests ask for."""
        return self._capacity

    async def open(self, report: Report) -> None:
        """Begin to report observations."""
        self._report = report

    async def start(self, launch: Launch) -> None:
        """Report RUNNING now and ENDED once the duration is over."""
        self._begin(launch.task_id, launch.attempt)

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        """Report RUNNING and let the attempt take its whole duration once more."""
        self._begin(task_id, attempt)

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        """End an attempt at once."""
        timer = self._ends.get((task_id, attempt))
        if timer is not None:
            timer.cancel()
            self._end(task_id, attempt, cancelled=True)

    async def discard(self, task_id: str) -> None:
        """Do nothing: nothing is kept of a task."""

    async def close(self) -> None:
        """Stop every clock."""
        for timer in self._ends.values():
            timer.cancel()
        self._ends.clear()
        self._started.clear()

    def _begin(self, task_id: str, attempt: int) -> None:
        now = time.time()
        self._started[task_id, attempt] = now
        self._tell(Observation(task_id, attempt, State.RUNNING, now, started_at=now))
        loop = asyncio.get_running_loop()
        self._ends[task_id, attempt] = loop.call_later(self._duration, self._end, task_id, attempt)

    def _end(self, task_id: str, attempt: int, cancelled: bool = False) -> None:
        del self._ends[task_id, attempt]
        self._tell(
            Observation(
                task_id,
                attempt,
                State.ENDED,
                time.time(),
                started_at=self._started.pop((task_id, attempt)),
                exit_code=None if cancelled else 0,
                reason="cancelled" if cancelled else "exited",
            )
        )

    def _tell(self, observation: Observation) -> None:
        if self._report is None:
            raise RuntimeError("the engine is not open")
        self._report(observation)


def _devices() -> tuple[Device, ...]:
    return tuple(
        Device(
            index=index,
            uuid=f"GPU-null-{index:04}",
            model="a100",
            memory_gb=_GPU_MEMORY_GB,
            vendor="nvidia",
            simulated=True,
        )
        for index in range(_GPUS)
    )
