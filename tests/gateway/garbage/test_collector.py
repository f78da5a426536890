"""When garbage goes: by its age, and the oldest first when the disk is nearly full."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit_gateway.disk import is_low
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.garbage import DEFAULT_AGES, Collector
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from flowkit_gateway.workspaces import WorkspaceGarbage

MEGABYTE = 1024 * 1024
HOUR = 3600.0


class House:
    """A data directory with tasks that have ended.

    Args:
        data_dir: the directory.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.store = Store(SQLiteDatabase(data_dir / "flowkit.db"))
        self.disposal = Disposal(data_dir / "trash")
        self.being_deleted: set[str] = set()
        workspaces = WorkspaceGarbage(
            self.store, data_dir / "tasks", self.disposal, self.being_deleted.__contains__
        )
        self.collector = Collector([workspaces], data_dir, self.disposal, DEFAULT_AGES)

    async def task(self, hours_ago: float, *, status: str = "completed", size: int = 1000) -> str:
        """Add a task that ended some time ago, and its workspace."""
        now = time.time()
        row = TaskRow(
            self.store.new_task_id(), "default", "me", status, {"command": ["true"]}, "local", now
        )
        row.finished_at = now - hours_ago * HOUR
        await self.store.create_tasks([row], None, b"")
        self.workspace(row.id).mkdir(parents=True)
        (self.workspace(row.id) / "file").write_bytes(b"\0" * size)
        return row.id

    def workspace(self, task_id: str) -> Path:
        return self.data_dir / "tasks" / task_id / "1" / "workspace"

    def left(self, *task_ids: str) -> list[bool]:
        """Say of which tasks the workspace is there."""
        return [self.workspace(task_id).exists() for task_id in task_ids]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    yield house
    house.store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[House]:
    """A house on a disk of 64 MiB."""
    data_dir = tmp_path / "small"
    data_dir.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(data_dir)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("only root can mount a file system")
    house = House(data_dir)
    yield house
    house.store.close()
    subprocess.run(["umount", "-l", data_dir], check=True)


async def test_what_is_old_goes_and_the_oldest_first(house: House) -> None:
    young, old = await house.task(hours_ago=1), await house.task(hours_ago=15 * 24)
    oldest = await house.task(hours_ago=16 * 24)
    found = await house.collector.collect(dry_run=True)
    assert [item.name for item in found] == [oldest, old]
    assert house.left(young, old, oldest) == [True, True, True]
    assert await house.collector.collect() == found
    assert house.left(young, old, oldest) == [True, False, False]
    await house.disposal.close()


@pytest.mark.parametrize("status", ["pending", "starting", "running"])
async def test_what_has_not_ended_stays_however_old_it_is(house: House, status: str) -> None:
    task = await house.task(hours_ago=1e4, status=status)
    assert await house.collector.collect(older_than=0) == []
    assert house.left(task) == [True]


async def test_what_is_being_deleted_is_left_to_that(house: House) -> None:
    task = await house.task(hours_ago=1e4)
    house.being_deleted.add(task)
    assert await house.collector.collect(older_than=0) == []
    assert house.left(task) == [True]


async def test_a_directory_of_no_task_stays(house: House) -> None:
    house.workspace("not-a-task").mkdir(parents=True)
    (house.data_dir / "tasks" / "a file").touch()
    assert await house.collector.collect(older_than=0) == []
    assert house.left("not-a-task") == [True]


async def test_two_collections_at_once_count_nothing_twice(house: House) -> None:
    tasks = {await house.task(hours_ago=1e4) for _ in range(5)}
    both = await asyncio.gather(*(house.collector.collect(older_than=0) for _ in range(2)))
    names = [item.name for report in both for item in report]
    assert len(names) == 5
    assert set(names) == tasks
    await house.disposal.close()


async def test_a_nearly_full_disk_lets_go_of_the_oldest_until_there_is_room(
    small_disk: House,
) -> None:
    house = small_disk
    tasks = [await house.task(hours, size=14 * MEGABYTE) for hours in (5, 4, 3, 2)]
    fresh = await house.task(0.5, size=3 * MEGABYTE)
    assert is_low(house.data_dir)
    await house.collector.tidy_up()
    assert not is_low(house.data_dir)
    assert house.left(*tasks, fresh) == [False, True, True, True, True]
    await house.disposal.close()


async def test_what_was_used_within_the_hour_stays_on_a_full_disk_too(small_disk: House) -> None:
    house = small_disk
    tasks = [await house.task(0.5, size=15 * MEGABYTE) for _ in range(4)]
    assert is_low(house.data_dir)
    await house.collector.tidy_up()
    assert house.left(*tasks) == [True] * 4
