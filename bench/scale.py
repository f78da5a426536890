"""Put a million tasks through the real scheduler and store, on machines that only pretend.

python -m bench.scale [--tasks 1000000] [--nodes 10000] [--write]

The engine keeps a clock of its own: whenever nothing is left to do, it is set forward to when the
next tasks end. So everything is measured but the tasks themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from bench.scale_report import Series, plot, table
from flowkit_gateway.changes import Changes
from flowkit_gateway.engines.engine import (
    Capabilities,
    Capacity,
    Device,
    Launch,
    Observation,
    Report,
    State,
)
from flowkit_gateway.principal import Principal
from flowkit_gateway.scheduler import Scheduler
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "scale.md"
PLOT = ROOT / "docs" / "scale.svg"
GPUS_OF_A_NODE = 8
BATCH = 5_000
MOST_QUEUED = 10_000
LOOKS = 200
"""Reads of each kind at each stage."""
_BEGIN, _END = "<!-- measured -->", "<!-- end -->"
CALLER = Principal("bench", "default")


class Stage(NamedTuple):
    """What was measured when a share of the tasks had ended."""

    tasks: int
    per_second: float
    """Tasks from submit to end, since the stage before."""
    memory_mib: float
    database_mib: float
    list_ms: float
    """p99 of a page of 100 tasks."""
    get_ms: float
    """p99 of one task."""
    pass_ms: float
    """p99 of what the scheduler takes to choose up to 50 tasks of a full queue."""
    turn_ms: float
    """The longest turn of the event loop, in which a thousand tasks may have ended at once."""


class Cluster:
    """Machines whose tasks end by a virtual clock; implements `engine.Engine`.

    Args:
        nodes: how many machines there are, each with 8 GPUs.
    """

    name = "null"

    def __init__(self, nodes: int) -> None:
        self.clock = 0.0
        self.ended = 0
        self._ends: list[tuple[float, int, str, int]] = []
        self._order = count()
        self._random = random.Random(0)
        self._report: Report | None = None
        gpus = nodes * GPUS_OF_A_NODE
        self._capacity = Capacity(
            cpus=nodes * 64.0,
            memory_bytes=nodes * 10**12,
            devices=tuple(
                Device(index, f"gpu-{index}", "h100", 80.0, "nvidia", False)
                for index in range(gpus)
            ),
        )

    def capabilities(self) -> Capabilities:
        """Say what there is."""
        return Capabilities(max_num_instances=1, in_place=True, fractional_gpus=True)

    def capacity(self) -> Capacity:
        """Say what tasks share."""
        return self._capacity

    async def open(self, report: Report) -> None:
        """Begin to report."""
        self._report = report

    async def start(self, launch: Launch) -> None:
        """Report that an attempt runs, and note when it ends."""
        end = self.clock + self._random.expovariate(1 / 600)
        heapq.heappush(self._ends, (end, next(self._order), launch.task_id, launch.attempt))
        self._tell(launch.task_id, launch.attempt, State.RUNNING)

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        """Nothing is left of an earlier run."""
        raise RuntimeError("a simulation is never taken up again")

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        """Nothing is cancelled here."""

    async def discard(self, task_id: str) -> None:
        """There is nothing to remove."""

    async def close(self) -> None:
        """Stop reporting."""
        self._report = None

    def advance(self, most: int) -> int:
        """Set the clock forward until some tasks have ended, and return how many."""
        ended = 0
        while self._ends and ended < most:
            self.clock, _, task_id, attempt = heapq.heappop(self._ends)
            self._tell(task_id, attempt, State.ENDED)
            ended += 1
        self.ended += ended
        return ended

    def _tell(self, task_id: str, attempt: int, state: State) -> None:
        now = time.time()
        code = 0 if state is State.ENDED else None
        if self._report is not None:
            self._report(Observation(task_id, attempt, state, now, started_at=now, exit_code=code))


class Simulation:
    """One run.

    Args:
        folder: where the store is kept.
        tasks: how many go through it.
        nodes: how many machines there are.
    """

    def __init__(self, folder: Path, tasks: int, nodes: int) -> None:
        self._tasks = tasks
        self._folder = folder
        self._store = Store(SQLiteDatabase(folder / "flowkit.db"))
        self._cluster = Cluster(nodes)
        self._scheduler = Scheduler(
            self._store, self._cluster, Changes(), data_dir=folder, max_output_bytes=1
        )
        self._random = random.Random(1)
        self._submitted = 0
        self._longest_turn = 0.0
        self._passes: list[float] = []
        choose = self._scheduler._start_what_fits

        def timed() -> None:
            self._passes.append(_timed(choose))

        self._scheduler._start_what_fits = timed  # type: ignore[method-assign]  # to be timed

    async def run(self, stages: int) -> list[Stage]:
        """Put all tasks through, and measure as often as `stages`."""
        measured: list[Stage] = []
        await self._scheduler.open()
        began, at_begin = time.perf_counter(), 0
        for stage in range(1, stages + 1):
            while self._cluster.ended < self._tasks * stage // stages:
                await self._turn()
            took = time.perf_counter() - began
            measured.append(self._measured((self._cluster.ended - at_begin) / took))
            print(measured[-1], file=sys.stderr, flush=True)
            began, at_begin = time.perf_counter(), self._cluster.ended
            self._longest_turn = 0.0
            self._passes.clear()
        await self._scheduler.close()
        self._store.close()
        return measured

    async def _turn(self) -> None:
        """Keep the queue full, and let what is oldest end."""
        waiting = self._submitted - self._cluster.ended - self._scheduler.running
        if self._submitted < self._tasks and waiting < MOST_QUEUED:
            await self._submit(min(BATCH, self._tasks - self._submitted))
        self._cluster.advance(BATCH // 5)
        while self._scheduler._background or self._scheduler._pass_is_due:
            before = time.perf_counter()
            await asyncio.sleep(0)
            self._longest_turn = max(self._longest_turn, time.perf_counter() - before)
            if self._scheduler._background:
                await asyncio.wait(self._scheduler._background, timeout=0.01)

    async def _submit(self, many: int) -> None:
        tasks = [
            {
                "command": ["python", "train.py"],
                "name": f"train-{number % 1000}",
                "gpu": [f"h100:{self._random.choice((1, 1, 1, 2, 4, 8))}"],
                "priority": self._random.choice((0, 0, 0, 10)),
                "labels": {"sweep": str(number // 1000)},
            }
            for number in range(self._submitted, self._submitted + many)
        ]
        locs = ["/body"] * many
        await self._scheduler.submit(CALLER, tasks, None, answer=lambda rows: b"", locs=locs)
        self._submitted += many

    def _measured(self, per_second: float) -> Stage:
        page = _page_times(self._store)
        gets = _get_times(self._store)
        return Stage(
            self._cluster.ended,
            per_second,
            _resident_mib(),
            sum(file.stat().st_size for file in self._folder.glob("flowkit.db*")) / 2**20,
            _p99(page) * 1000,
            _p99(gets) * 1000,
            _p99(self._passes) * 1000,
            self._longest_turn * 1000,
        )


def _page_times(store: Store) -> list[float]:
    times, before = [], None
    for _ in range(LOOKS):
        rows: list[TaskRow] = []

        def look(before: str | None = before, rows: list[TaskRow] = rows) -> None:
            rows += store.list_tasks(CALLER.project, before=before, limit=100)

        times.append(_timed(look))
        before = rows[-1].id if rows else None
    return times


def _get_times(store: Store) -> list[float]:
    times = []
    for row in store.list_tasks(CALLER.project, limit=LOOKS):

        def look(task_id: str = row.id) -> object:
            return store.get_task(CALLER.project, task_id)

        times.append(_timed(look))
    return times


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--stages", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="renew docs/scale.md and its plot")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowkit-scale-") as folder:
        simulation = Simulation(Path(folder), arguments.tasks, arguments.nodes)
        stages = asyncio.run(simulation.run(arguments.stages))
    measured = table([name.replace("_", " ") for name in Stage._fields], stages)
    print(measured)
    if arguments.write:
        PLOT.write_text(_plot(stages))
        text = DOCUMENT.read_text()
        before, _, rest = text.partition(_BEGIN)
        after = rest.partition(_END)[2]
        DOCUMENT.write_text(f"{before}{_BEGIN}\n{measured}{_END}{after}")


def _plot(stages: Sequence[Stage]) -> str:
    tasks = [float(stage.tasks) for stage in stages]
    return plot(
        "How cost grows with the number of tasks in the store",
        tasks,
        [
            Series("throughput", [stage.per_second for stage in stages], "tasks/s"),
            Series("memory", [stage.memory_mib for stage in stages], "MiB"),
            Series("a page of 100, p99", [stage.list_ms for stage in stages], "ms"),
            Series("choosing 50 tasks, p99", [stage.pass_ms for stage in stages], "ms"),
        ],
    )


if __name__ == "__main__":
    main()
