"""Many tasks: what choosing among them takes, and what finding them among many finished ones."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.samples import Samples, samples, seconds_of
from bench.scale import CALLER, GPUS_OF_A_NODE, Cluster
from bench.table import Row, Section, Target
from flowkit.gpus import GPURequest
from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.discovery import find
from flowkit_gateway.free_devices import Shelf
from flowkit_gateway.placement import Demand, Pool
from flowkit_gateway.store.rows import Placement, TaskRow
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from flowkit_gateway.task_queue import TaskQueue

QUEUED = 10_000
NODES = 1_000
FINISHED = 100_000
RESERVATIONS = 100
LOOKS = 50
"""Reads of each kind for one sample."""
_BATCH = 5_000
_MOST_STARTS = 50
_HOUR = 3600.0
_START_LIMIT_SECONDS = 60.0
_SIZES = (1, 1, 1, 2, 4, 8)


def measure(count: int) -> list[Section]:
    """Measure choices from a full queue, then reads of a full store."""
    return [Section("Many tasks", [*_decisions(count), *_stored(count)])]


def _decisions(count: int) -> list[Row]:
    rows = []
    for reservations in (0, RESERVATIONS):
        what = f"decision: {QUEUED:,} queued, {NODES:,} nodes"
        what += f", {reservations} reservations" if reservations else ""
        measured = samples(_passes(10 * count, reservations)).scaled(1000)
        rows.append(Row(what, "ms", measured, target=Target(5)))
    return rows


def _passes(count: int, reservations: int) -> list[float]:
    """Return what it takes to choose when a task has ended, with all GPUs held by others."""
    chance = random.Random(0)
    pool, queue = Pool(Cluster(NODES).capacity()), TaskQueue()
    volumes = BlockVolumes(lambda _: False)
    pool.keep_free(_reserved(pool, reservations), {})
    running: list[Placement] = []
    numbers = iter(range(10**9))
    while len(queue) < QUEUED:
        running += _filled(queue, pool, volumes, next(numbers), chance)
    times = []
    for _ in range(count):
        pool.give(running.pop(chance.randrange(len(running))))
        began = time.perf_counter()
        started = queue.start_what_fits(pool, volumes, _MOST_STARTS)
        times.append(time.perf_counter() - began)
        running += [placement for _, placement in started]
        while len(queue) < QUEUED:
            _add(queue, next(numbers), chance)
    return times


def _reserved(pool: Pool, count: int) -> dict[str, Shelf]:
    """Return the last GPUs as reserved in as many parts, each from another time on."""
    uuids = [device.uuid for device in pool.capacity.devices[-count * GPUS_OF_A_NODE :]]
    now = time.time()
    return {
        uuid: now + _HOUR * (1 + place // GPUS_OF_A_NODE)
        for place, uuid in enumerate(uuids if count else ())
    }


def _filled(
    queue: TaskQueue, pool: Pool, volumes: BlockVolumes, number: int, chance: random.Random
) -> list[Placement]:
    """Queue a task, and start it as long as there is room."""
    _add(queue, number, chance)
    return [placement for _, placement in queue.start_what_fits(pool, volumes, _MOST_STARTS)]


def _add(queue: TaskQueue, number: int, chance: random.Random) -> None:
    demand = Demand(
        1.0,
        0,
        (GPURequest.parse(f"h100:{chance.choice(_SIZES)}"),),
        run_time=chance.choice((None, _HOUR, 12 * _HOUR)),
    )
    queue.add(f"task_{number:09}", chance.choice((0, 0, 0, 10)), demand)


def _stored(count: int) -> list[Row]:
    folder = Path(os.environ["FLOWKIT_HOME"]) / "many"
    folder.mkdir(mode=0o700)
    ids = asyncio.run(_fill(folder / "flowkit.db"))
    store = Store(SQLiteDatabase(folder / "flowkit.db"))
    try:
        pages = [seconds_of(lambda: _pages(store, ids)) / LOOKS for _ in range(count)]
        gets = [seconds_of(lambda: _gets(store, ids)) / LOOKS for _ in range(count)]
    finally:
        store.close()
    starts, empty = _starts(folder, count)
    kept = f"{FINISHED:,} finished tasks"
    return [
        Row(f"{kept}: page of 100", "ms", samples(pages).scaled(1000), target=Target(5)),
        Row(f"{kept}: get", "ms", samples(gets).scaled(1000), target=Target(1)),
        Row("gateway's start-up with an empty store (floor)", "s", empty),
        Row(
            f"{kept}: gateway's start-up",
            "s",
            starts,
            ratio=starts.ratios(empty),
            over="an empty store",
            target=Target(1),
        ),
    ]


async def _fill(path: Path) -> list[str]:
    """Keep tasks that have ended, and return their ids."""
    store, ids = Store(SQLiteDatabase(path)), []
    for begin in range(0, FINISHED, _BATCH):
        rows = [_finished(store.new_task_id(), begin + place) for place in range(_BATCH)]
        await store.create_tasks(rows, None, b"")
        ids += [row.id for row in rows]
    store.close()
    return ids


def _finished(task_id: str, number: int) -> TaskRow:
    now = time.time()
    return TaskRow(
        id=task_id,
        project=CALLER.project,
        created_by=CALLER.user,
        status="completed",
        settings={"command": ["python", "train.py"], "gpu": ["h100:8"], "env": {"SEED": "1"}},
        engine="null",
        created_at=now,
        name=f"train-{number % 1000}",
        labels={"sweep": str(number // 1000)},
        reason="exited",
        exit_code=0,
        attempt=1,
        started_at=now,
        finished_at=now,
    )


def _pages(store: Store, ids: Sequence[str]) -> None:
    for place in range(LOOKS):
        before = ids[-1 - place * (len(ids) // LOOKS)]
        store.list_tasks(CALLER.project, before=before, limit=100)


def _gets(store: Store, ids: Sequence[str]) -> None:
    for place in range(LOOKS):
        store.get_task(CALLER.project, ids[place * (len(ids) // LOOKS)])


def _starts(folder: Path, count: int) -> tuple[Samples, Samples]:
    """Return how long a gateway takes to serve what is there, and to serve an empty store."""
    empty = folder.with_name("empty")
    empty.mkdir(mode=0o700)
    measured = [(_start(folder), _start(empty)) for _ in range(count + 1)][1:]
    return samples([full for full, _ in measured]), samples([bare for _, bare in measured])


def _start(folder: Path) -> float:
    """Return after how many seconds a gateway serves a directory, and stop it."""
    command = [sys.executable, "-m", "flowkit_gateway", "serve", "--engine", "null", "--port", "0"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--data-dir", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while find(folder) is None:
            if process.poll() is not None or time.perf_counter() - began > _START_LIMIT_SECONDS:
                raise RuntimeError(f"the gateway of {folder} does not start")
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()
