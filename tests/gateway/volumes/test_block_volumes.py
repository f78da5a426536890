"""Block volumes: one task at a time, whatever happens to the gateway."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import TaskNotPending, VolumeInUse
from flowkit_gateway.store.volumes import VolumeRow
from tests.gateway.controlled_engine import Machine
from tests.gateway.scheduling import PROJECT, ControlledGateway, crash, opened

ME = Principal("me", PROJECT)
ON_A = [{"target": "/data", "source": "volume://a", "create_size_gb": 1}]
READING_A = [{"target": "/data", "source": "volume://a", "read_only": True, "create_size_gb": 1}]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[ControlledGateway]:
    """A gateway on a machine with 4 CPUs and no GPU."""
    async with opened(tmp_path) as gateway:
        yield gateway


async def test_the_later_task_waits_and_keeps_nothing_from_others(
    gateway: ControlledGateway,
) -> None:
    first = await gateway.task(mounts=ON_A)
    await gateway.reaches(first, "running")
    second = await gateway.task(mounts=ON_A, cpus=3)
    other = await gateway.task(cpus=3)
    await gateway.reaches(other, "running")
    await gateway.settled()
    assert gateway.status(second) == "pending"
    assert gateway.scheduler.queue_position(second) == 1
    gateway.end(other)
    gateway.end(first)
    await gateway.reaches(second, "running")


async def test_to_read_is_to_hold_too(gateway: ControlledGateway) -> None:
    first = await gateway.task(mounts=READING_A)
    await gateway.reaches(first, "running")
    second = await gateway.task(mounts=READING_A)
    await gateway.settled()
    assert gateway.status(second) == "pending"
    gateway.end(first)
    await gateway.reaches(second, "running")


async def test_one_task_may_mount_a_volume_twice(gateway: ControlledGateway) -> None:
    (gateway.volumes.root((await _volume(gateway)).id) / "part").mkdir()
    part = {"target": "/part", "source": "volume://a/part"}
    task = await gateway.task(mounts=[*ON_A, part])
    await gateway.reaches(task, "running")
    targets = [mount.target for mount in gateway.launch(task).mounts]
    assert targets == ["/data", "/part"]
    assert gateway.launch(task).env["FLOWKIT_MOUNT_PART"] == "/part"


async def _volume(gateway: ControlledGateway) -> VolumeRow:
    await gateway.finish(await gateway.task(mounts=ON_A))
    row = gateway.volumes.table.named(PROJECT, "a")
    assert row is not None
    return row


@pytest.mark.parametrize("ends_while_down", [True, False])
@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_what_is_held_stays_held_when_the_gateway_starts_anew(
    tmp_path: Path, how: str, ends_while_down: bool
) -> None:
    machine = Machine()
    gateway = ControlledGateway(tmp_path, machine)
    await gateway.open()
    first = await gateway.task(mounts=ON_A)
    await gateway.reaches(first, "running")
    second = await gateway.task(mounts=ON_A)
    await gateway.settled()
    if how == "killed":
        crash(gateway)
    else:
        await gateway.scheduler.close()
        gateway.store.close()
    if ends_while_down:
        gateway.engine.end((first, 1))
    async with opened(tmp_path, machine) as gateway:
        if not ends_while_down:
            await gateway.settled()
            assert gateway.status(second) == "pending"
            gateway.end(first)
        await gateway.reaches(second, "running")


async def test_an_attempt_that_never_started_gives_the_volume_back(tmp_path: Path) -> None:
    machine = Machine()
    gateway = ControlledGateway(tmp_path, machine)
    await gateway.open()
    gateway.engine.gate.clear()
    first = await gateway.task(mounts=ON_A)
    await gateway.reaches(first, "starting")
    crash(gateway)
    async with opened(tmp_path, machine) as gateway:
        assert (await gateway.reaches(first, "running")).attempt == 2
        await gateway.finish(first)
        await gateway.finish(await gateway.task(mounts=ON_A))


async def test_a_task_that_is_given_a_held_volume_waits_for_it(gateway: ControlledGateway) -> None:
    first = await gateway.task(mounts=ON_A, cpus=4)
    await gateway.reaches(first, "running")
    second = await gateway.task(cpus=1)
    await _mount(gateway, second)
    third = await gateway.task()
    gateway.end(first)
    await gateway.reaches(second, "running")
    assert [mount.target for mount in gateway.launch(second).mounts] == ["/volumes/a"]
    assert gateway.row(second).placement is not None
    await gateway.reaches(third, "running")
    fourth = await gateway.task(mounts=ON_A)
    await gateway.settled()
    assert gateway.status(fourth) == "pending"
    with pytest.raises(TaskNotPending):
        await _mount(gateway, second)


async def test_a_volume_that_comes_to_a_task_as_it_starts_is_waited_for(
    gateway: ControlledGateway,
) -> None:
    holder = await gateway.task(mounts=ON_A)
    other = await gateway.task(cpus=3)
    await gateway.reaches(other, "running")
    task = await gateway.task(cpus=3)
    await gateway.settled()
    # The new mount and the start wait for the disk together, in this order.
    disk_is_slow = threading.Event()
    slow = asyncio.ensure_future(gateway.store.database.write(lambda _: disk_is_slow.wait()))
    mounting = asyncio.ensure_future(_mount(gateway, task))
    await asyncio.sleep(0.01)
    gateway.end(other)
    await asyncio.sleep(0.01)
    assert gateway.scheduler.queue_position(task) is None
    disk_is_slow.set()
    await asyncio.gather(slow, mounting)
    await gateway.settled()
    assert gateway.events(task) == ["created", "updated", "starting", "pending"]
    gateway.end(holder)
    row = await gateway.reaches(task, "running")
    assert row.attempt == 2
    assert row.placement is not None
    assert len(row.placement.volumes) == 1


async def _mount(gateway: ControlledGateway, task_id: str) -> None:
    change = await gateway.mounts.added(ME, gateway.row(task_id), {"volume": "a"})
    await gateway.scheduler.change_settings(PROJECT, task_id, change)


async def test_a_volume_is_free_to_be_deleted_when_its_last_task_has_ended(
    gateway: ControlledGateway,
) -> None:
    first, second = [await gateway.task(mounts=ON_A) for _ in range(2)]
    row = gateway.volumes.table.named(PROJECT, "a")
    assert row is not None
    await gateway.finish(first)
    with pytest.raises(VolumeInUse, match=second):
        await gateway.volumes.delete(ME, row.id)
    await gateway.scheduler.cancel(PROJECT, second, force=True)
    await gateway.reaches(second, "running")
    gateway.end(second, reason="cancelled")
    await gateway.reaches(second, "cancelled")
    await gateway.volumes.delete(ME, row.id)
    assert gateway.volumes.table.named(PROJECT, "a") is None
