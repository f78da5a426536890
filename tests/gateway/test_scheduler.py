"""From the queue to the engine and back."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.problems import (
    IdempotencyConflict,
    InvalidRequest,
    NoCapacity,
    StorageFull,
    TaskNotFound,
    TaskNotTerminal,
)
from flowkit_gateway.store.rows import IdempotencyKey
from tests.gateway.controlled_engine import GB, Machine, StartError, State, gpus
from tests.gateway.scheduling import PROJECT, ControlledGateway, crash, opened

KEY = IdempotencyKey("key", "create_tasks", b"hash")
WHOLE = {"cpus": 4}
"""A task that takes the whole machine."""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[ControlledGateway]:
    """A gateway on a machine with 4 CPUs and no GPU."""
    async with opened(tmp_path) as gateway:
        yield gateway


# From submit to the end ----------------------------------------------------------------------


async def test_a_task_starts_runs_and_ends(gateway: ControlledGateway) -> None:
    task = await gateway.task(cpus=2, memory_gb=1, max_run_time=60)
    row = await gateway.reaches(task, "running")
    assert (row.attempt, row.instance_type, row.simulated) == (1, "cpu", False)
    launch = gateway.launch(task)
    assert (launch.cpus, launch.memory_bytes, launch.max_run_time) == (2, GB, 60)
    gateway.end(task, exit_code=0)
    row = await gateway.reaches(task, "completed")
    assert (row.reason, row.exit_code, row.output_bytes) == ("exited", 0, 1)
    assert gateway.events(task) == ["created", "starting", "running", "completed"]
    await gateway.settled()
    assert gateway.scheduler.idle


@pytest.mark.parametrize(
    ("reason", "exit_code", "status"),
    [
        ("exited", 3, "failed"),
        ("max_run_time", None, "failed"),
        ("out_of_memory", 137, "failed"),
        ("cancelled", None, "cancelled"),
        (None, 0, "completed"),
    ],
)
async def test_the_engine_says_how_a_task_ended(
    gateway: ControlledGateway, reason: str | None, exit_code: int | None, status: str
) -> None:
    task = await gateway.task()
    await gateway.reaches(task, "running")
    gateway.end(task, reason=reason, exit_code=exit_code)
    row = await gateway.reaches(task, status)
    assert (row.reason, row.exit_code) == (reason or "exited", exit_code)


async def test_a_lost_task_failed(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    await gateway.reaches(task, "running")
    gateway.end(task, state=State.LOST, reason=None, exit_code=None)
    row = await gateway.reaches(task, "failed")
    assert row.reason == "node_lost"
    assert row.message


async def test_tasks_wait_for_room_and_start_as_it_comes(gateway: ControlledGateway) -> None:
    tasks = [await gateway.task(cpus=2) for _ in range(4)]
    await gateway.reaches(tasks[1], "running")
    await gateway.settled()
    assert [gateway.status(task) for task in tasks[2:]] == ["pending", "pending"]
    assert [gateway.scheduler.queue_position(task) for task in tasks] == [None, None, 1, 2]
    gateway.end(tasks[1])
    await gateway.reaches(tasks[2], "running")
    assert gateway.scheduler.queue_position(tasks[3]) == 1
    assert gateway.scheduler.running == 2


async def test_the_environment_of_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "from-gateway")
    monkeypatch.setenv("HOME", "from-gateway")
    monkeypatch.setenv("SECRET_OF_THE_GATEWAY", "1")
    async with opened(tmp_path) as gateway:
        task = await gateway.task(caller_env={"HOME": "caller", "A": "caller"}, env={"A": "own"})
        await gateway.reaches(task, "running")
        env = gateway.launch(task).env
    assert (env["LANG"], env["HOME"], env["A"]) == ("from-gateway", "caller", "own")
    assert "SECRET_OF_THE_GATEWAY" not in env


async def test_gpus_are_bound_and_never_shared_unless_asked_for(tmp_path: Path) -> None:
    machine = Machine(Capacity(16.0, 64 * GB, gpus(4)))
    async with opened(tmp_path, machine) as gateway:
        tasks = [await gateway.task(gpu=["a100:2"]) for _ in range(3)]
        for task in tasks[:2]:
            await gateway.reaches(task, "running")
        await gateway.settled()
        bound = [gateway.launch(task).devices for task in tasks[:2]]
        assert len({device.uuid for devices in bound for device in devices}) == 4
        assert gateway.status(tasks[2]) == "pending"
        row = gateway.row(tasks[0])
        assert (row.gpu_indices, row.instance_type) == ((0, 1), "2xa100-80gb")
        gateway.end(tasks[1])
        await gateway.reaches(tasks[2], "running")
        assert gateway.row(tasks[2]).gpu_indices == (2, 3)


async def test_an_engine_that_refuses_ends_the_task(gateway: ControlledGateway) -> None:
    gateway.engine.refusal = StartError("no such program")
    task = await gateway.task(**WHOLE)
    row = await gateway.reaches(task, "failed")
    assert (row.reason, row.message) == ("start_failed", "no such program")
    gateway.engine.refusal = None
    await gateway.reaches(await gateway.task(**WHOLE), "running")


async def test_an_engine_that_breaks_ends_the_task_and_gives_its_room_back(
    gateway: ControlledGateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.engine.refusal = ZeroDivisionError("a mistake")
    task = await gateway.task(**WHOLE)
    row = await gateway.reaches(task, "failed")
    assert (row.reason, row.message) == ("start_failed", "a mistake")
    assert "could not be started" in caplog.text
    gateway.engine.refusal = None
    await gateway.reaches(await gateway.task(**WHOLE), "running")


async def test_news_of_an_older_attempt_gives_nothing_back(gateway: ControlledGateway) -> None:
    task = await gateway.task(**WHOLE)
    await gateway.reaches(task, "running")
    gateway.engine.report(task, 0, State.LOST)
    gateway.engine.report("task_of_nobody", 1, State.ENDED)
    await gateway.settled()
    assert gateway.status(task) == "running"
    assert gateway.scheduler.pool.cpus == 0


async def test_news_that_comes_twice_counts_once(gateway: ControlledGateway) -> None:
    task, other = await gateway.task(cpus=2), await gateway.task(cpus=2)
    await gateway.reaches(other, "running")
    await gateway.reaches(task, "running")
    for _ in range(3):
        gateway.end(task)
    await gateway.reaches(task, "completed")
    await gateway.settled()
    assert gateway.scheduler.pool.cpus == 2
    assert gateway.events(task).count("completed") == 1


# Submit --------------------------------------------------------------------------------------


async def test_a_batch_is_all_or_nothing(gateway: ControlledGateway) -> None:
    with pytest.raises(NoCapacity) as caught:
        await gateway.submit({}, {"cpus": 5}, {})
    assert caught.value.details[0].loc == "/body/tasks/1/cpus"
    with pytest.raises(InvalidRequest):
        await gateway.submit(*[{}] * 200, {"working_dir": "/nowhere"})
    assert gateway.store.list_tasks(PROJECT) == []
    assert gateway.events() == []
    assert gateway.scheduler.idle


async def test_a_batch_starts_in_its_order(gateway: ControlledGateway) -> None:
    created = await gateway.submit(*[WHOLE] * 150)
    tasks = created.answer.decode().split()
    assert [row.id for row in gateway.store.list_tasks(PROJECT, limit=200)] == tasks[::-1]
    for task in tasks[:5]:
        await gateway.finish(task)
    assert [task for task, _ in gateway.machine.launches][:5] == tasks[:5]


@pytest.fixture
def only_new_garbage() -> Iterator[None]:
    """Let a test pay for collecting its own objects, not for those of all tests before it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("only_new_garbage")
async def test_a_large_batch_leaves_the_loop_to_others(gateway: ControlledGateway) -> None:
    loop = asyncio.get_running_loop()
    gaps: list[float] = []

    async def beat() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - before)

    heart = asyncio.ensure_future(beat())
    began = loop.time()
    await gateway.submit(*[{"name": f"t{number}", "cpus": 4} for number in range(10_000)])
    heart.cancel()
    assert len(gaps) > 10
    assert max(gaps) < (loop.time() - began) / 3


@pytest.mark.parametrize("size", [1, 150])
async def test_a_create_repeated_at_once_creates_once(
    gateway: ControlledGateway, size: int
) -> None:
    results = await asyncio.gather(*(gateway.submit(*[{}] * size, key=KEY) for _ in range(5)))
    assert sorted(result.replayed for result in results) == [False, True, True, True, True]
    assert len({result.answer for result in results}) == 1
    assert len(gateway.store.list_tasks(PROJECT, limit=1000)) == size
    await gateway.settled()
    assert len(gateway.machine.launches) == min(4, size)


async def test_a_repeated_create_is_not_checked_again(
    gateway: ControlledGateway, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    first = await gateway.submit({"working_dir": str(folder)}, key=KEY)
    folder.rmdir()
    again = await gateway.submit({"working_dir": str(folder)}, key=KEY)
    assert again == (first.answer, True)
    with pytest.raises(IdempotencyConflict):
        await gateway.submit({}, key=KEY._replace(body_hash=b"other"))


async def test_a_caller_that_goes_away_leaves_its_task_in_the_queue(
    gateway: ControlledGateway,
) -> None:
    submit = asyncio.ensure_future(gateway.submit({}))
    await asyncio.sleep(0)
    submit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submit
    await gateway.settled()
    (row,) = gateway.store.list_tasks(PROJECT)
    await gateway.finish(row.id)


# Cancel --------------------------------------------------------------------------------------


async def test_a_queued_task_is_cancelled_at_once(gateway: ControlledGateway) -> None:
    await gateway.reaches(await gateway.task(**WHOLE), "running")
    task = await gateway.task()
    row = await gateway.scheduler.cancel(PROJECT, task, force=False)
    assert (row.status, row.reason) == ("cancelled", "cancelled")
    assert gateway.scheduler.queue_position(task) is None
    assert gateway.engine.cancels == []


@pytest.mark.parametrize("force", [False, True])
async def test_a_running_task_is_asked_to_end(gateway: ControlledGateway, force: bool) -> None:
    task = await gateway.task()
    await gateway.reaches(task, "running")
    row = await gateway.scheduler.cancel(PROJECT, task, force=force)
    assert row.status == "running"
    assert row.cancel_requested_at is not None
    assert gateway.engine.cancels == [(task, 1, force)]
    gateway.end(task, reason="cancelled", exit_code=None)
    assert (await gateway.reaches(task, "cancelled")).reason == "cancelled"


async def test_a_cancel_can_be_made_stronger(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    await gateway.reaches(task, "running")
    for force in (False, True):
        await gateway.scheduler.cancel(PROJECT, task, force=force)
    assert [force for _, _, force in gateway.engine.cancels] == [False, True]
    assert gateway.events(task).count("cancel_requested") == 1


async def test_a_cancel_during_the_start_reaches_the_attempt(gateway: ControlledGateway) -> None:
    gateway.engine.gate.clear()
    task = await gateway.task()
    await gateway.reaches(task, "starting")
    for force in (True, False):
        await gateway.scheduler.cancel(PROJECT, task, force=force)
    assert gateway.engine.cancels == []
    gateway.engine.gate.set()
    await gateway.settled()
    assert gateway.engine.cancels == [(task, 1, True)]


async def test_a_finished_task_stays_as_it_is(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    done = await gateway.finish(task)
    assert await gateway.scheduler.cancel(PROJECT, task, force=True) == done
    assert gateway.engine.cancels == []


async def test_a_cancel_at_any_moment_ends_the_task(gateway: ControlledGateway) -> None:
    """Whichever of start and cancel is first, the task never stays behind."""
    for turns in range(40):
        task = await gateway.task()
        for _ in range(turns):
            await asyncio.sleep(0)
        row = await gateway.scheduler.cancel(PROJECT, task, force=False)
        await gateway.settled()
        if not row.terminal:
            assert gateway.engine.cancels.pop()[0] == task
            gateway.end(task, reason="cancelled", exit_code=None)
        await gateway.reaches(task, "cancelled")
        await gateway.settled()
    assert gateway.scheduler.idle
    assert gateway.scheduler.pool.cpus == 4


async def test_a_cancel_between_two_attempts_is_not_lost(tmp_path: Path) -> None:
    """An attempt turns out never to have started while its cancel is on the way."""
    for order in (0, 1):
        folder = tmp_path / str(order)
        folder.mkdir()
        async with opened(folder) as gateway:
            gateway.engine.gate.clear()
            task = await gateway.task()
            await gateway.reaches(task, "starting")
            cancel = gateway.scheduler.cancel(PROJECT, task, force=False)
            if order == 0:
                gateway.engine.report(task, 1, State.NEVER_STARTED)
                await cancel
            else:
                pending = asyncio.ensure_future(cancel)
                await asyncio.sleep(0)
                gateway.engine.report(task, 1, State.NEVER_STARTED)
                await pending
            await gateway.reaches(task, "cancelled")
            gateway.engine.refusal = StartError("stopped by the test")
            gateway.engine.gate.set()
            await gateway.settled()
            assert gateway.status(task) == "cancelled"


# Update and delete ---------------------------------------------------------------------------


async def test_a_new_priority_changes_the_order(gateway: ControlledGateway) -> None:
    first = await gateway.task(**WHOLE)
    await gateway.reaches(first, "running")
    tasks = [await gateway.task(**WHOLE) for _ in range(3)]
    await gateway.scheduler.update(PROJECT, tasks[2], {"priority": 1})
    assert [gateway.scheduler.queue_position(task) for task in tasks] == [2, 3, 1]
    gateway.end(first)
    await gateway.reaches(tasks[2], "running")


async def test_delete_removes_the_files_first(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    with pytest.raises(TaskNotTerminal):
        await gateway.scheduler.delete(PROJECT, task)
    await gateway.finish(task)
    assert gateway.machine.discarded == []
    await gateway.scheduler.delete(PROJECT, task)
    assert gateway.machine.discarded == [task]
    with pytest.raises(TaskNotFound):
        await gateway.scheduler.delete(PROJECT, task)


async def test_a_delete_that_fails_can_be_repeated(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    await gateway.finish(task)
    gateway.engine.discard_error = PermissionError("not yours")
    with pytest.raises(PermissionError):
        await gateway.scheduler.delete(PROJECT, task)
    assert gateway.status(task) == "completed"
    gateway.engine.discard_error = None
    await gateway.scheduler.delete(PROJECT, task)
    assert gateway.store.get_task(PROJECT, task) is None


async def test_of_two_deletes_at_once_one_counts(gateway: ControlledGateway) -> None:
    task = await gateway.task()
    await gateway.finish(task)
    results = await asyncio.gather(
        *(gateway.scheduler.delete(PROJECT, task) for _ in range(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), TaskNotFound]
    assert gateway.machine.discarded == [task]


@pytest.mark.parametrize(
    "call",
    [
        lambda gateway: gateway.scheduler.cancel("other", "task_x", force=False),
        lambda gateway: gateway.scheduler.update("other", "task_x", {"priority": 1}),
        lambda gateway: gateway.scheduler.delete("other", "task_x"),
    ],
)
async def test_what_is_not_there_is_told(
    gateway: ControlledGateway, call: Callable[[ControlledGateway], Awaitable[object]]
) -> None:
    with pytest.raises(TaskNotFound):
        await call(gateway)


# A full disk ---------------------------------------------------------------------------------


async def limit_pages(gateway: ControlledGateway, more: int) -> None:
    """Let the database grow by a number of pages only."""
    database = gateway.store._database
    (pages,) = database.read("PRAGMA page_count")[0]
    await database.write(
        lambda writer: writer.execute(f"PRAGMA max_page_count = {pages + more}").fetchall()
    )


async def test_a_full_disk_delays_what_happens_and_loses_nothing(
    gateway: ControlledGateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.journal._STORAGE_RETRY", 0.01)
    caplog.set_level(logging.WARNING)
    tasks = [await gateway.task(**WHOLE) for _ in range(30)]
    await gateway.reaches(tasks[0], "running")
    await limit_pages(gateway, 0)
    refused = False
    for _ in range(500):
        try:
            await gateway.task(env={"A": "x" * 2000})
        except StorageFull:
            refused = True
            break
    assert refused
    for turn in range(20):
        gateway.end(tasks[turn])
        async with asyncio.timeout(10):
            while (tasks[turn + 1], 1) not in gateway.machine.launches:
                await asyncio.sleep(0.001)
                if "cannot be recorded yet" in caplog.text:
                    break
        if "cannot be recorded yet" in caplog.text:
            break
    assert "cannot be recorded yet" in caplog.text
    await limit_pages(gateway, 1_000_000)
    for task in tasks[:turn]:
        await gateway.reaches(task, "completed")
    for task in tasks[turn + 1 :]:
        await gateway.finish(task)
    for task in tasks:
        assert gateway.events(task)[-1] == "completed"
        assert gateway.row(task).attempt == 1


# Crashes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", range(60))
def test_a_crash_at_any_moment_loses_nothing_and_starts_nothing_twice(
    tmp_path: Path, turns: int
) -> None:
    """Three tasks, one of them queued and one to be cancelled; a kill after so many turns."""
    machine = Machine()
    acknowledged: list[str] = []
    asked: list[str] = []

    async def first_life() -> None:
        gateway = ControlledGateway(tmp_path, machine)

        async def use() -> None:
            await gateway.scheduler.open()
            acknowledged.append(await gateway.task(cpus=2))
            acknowledged.append(await gateway.task(cpus=2))
            acknowledged.append(await gateway.task(cpus=4))
            await gateway.reaches(acknowledged[0], "running")
            gateway.end(acknowledged[0])
            await gateway.scheduler.cancel(PROJECT, acknowledged[1], force=False)
            asked.append(acknowledged[1])

        work = asyncio.ensure_future(use())
        # Of the later turns most wait for the disk, so that some are given time.
        for turn in range(turns):
            await asyncio.sleep(0 if turn % 2 else 0.0005)
        crash(gateway)
        work.cancel()

    async def second_life() -> None:
        async with opened(tmp_path, machine) as gateway:
            await gateway.settled()
            while unfinished := gateway.store.unfinished_tasks():
                for row in unfinished:
                    if row.status == "running":
                        cancelled = any(task == row.id for task, _, _ in gateway.engine.cancels)
                        assert cancelled == (row.cancel_requested_at is not None)
                        gateway.end(row.id, reason="cancelled" if cancelled else "exited")
                        await gateway.until(row.id, lambda row: row.terminal)
                await gateway.settled()
            rows = {row.id: row for row in gateway.store.list_tasks(PROJECT)}
            assert set(acknowledged) <= set(rows)
            for task in asked:
                assert rows[task].status == "cancelled"
            for task in rows:
                started = [attempt for attempt in machine.launches if attempt[0] == task]
                assert len(started) <= 1
                if rows[task].status == "completed":
                    assert len(started) == 1
            assert gateway.scheduler.idle
            assert gateway.scheduler.pool.cpus == 4
            numbers = [event.number for event in gateway.store.events_after(PROJECT, 0)]
            assert numbers == list(range(1, len(numbers) + 1))

    asyncio.run(first_life())
    asyncio.run(second_life())


async def test_the_end_of_one_attempt_at_the_start_makes_no_room_that_another_holds(
    tmp_path: Path,
) -> None:
    """Attempts are seen one after the other; until all are, nothing new may start."""
    machine = Machine()
    async with opened(tmp_path, machine) as gateway:
        tasks = [await gateway.task(cpus=2) for _ in range(2)]
        queued = [await gateway.task(cpus=4), await gateway.task(cpus=4, priority=5)]
        for task in tasks:
            await gateway.reaches(task, "running")
    gateway.engine.end((tasks[0], 1))
    async with opened(tmp_path, machine) as gateway:
        await gateway.reaches(tasks[0], "completed")
        await gateway.settled()
        assert gateway.status(queued[0]) == gateway.status(queued[1]) == "pending"
        gateway.end(tasks[1])
        await gateway.finish(queued[1])
        await gateway.finish(queued[0])


async def test_tasks_live_on_and_end_while_no_gateway_looks(tmp_path: Path) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as gateway:
        tasks = [await gateway.task() for _ in range(2)]
        for task in tasks:
            await gateway.reaches(task, "running")
    gateway.engine.end((tasks[0], 1), exit_code=7)
    async with opened(tmp_path, machine) as gateway:
        assert (await gateway.reaches(tasks[0], "failed")).exit_code == 7
        await gateway.settled()
        assert gateway.status(tasks[1]) == "running"
        assert gateway.events(tasks[1]) == ["created", "starting", "running"]


async def test_a_task_that_was_seen_running_is_never_started_again(tmp_path: Path) -> None:
    """Also when all that its engine kept of it is gone."""
    async with opened(tmp_path) as gateway:
        task = await gateway.task()
        await gateway.reaches(task, "running")
    async with opened(tmp_path, Machine()) as gateway:
        row = await gateway.reaches(task, "failed")
        await gateway.settled()
        assert (row.reason, row.attempt) == ("node_lost", 1)
        assert gateway.machine.launches == {}
        assert gateway.scheduler.idle


async def test_a_cancel_outlives_the_gateway(tmp_path: Path) -> None:
    machine = Machine()
    async with opened(tmp_path, machine) as gateway:
        task = await gateway.task()
        await gateway.reaches(task, "running")
        await gateway.scheduler.cancel(PROJECT, task, force=False)
    async with opened(tmp_path, machine) as gateway:
        assert gateway.engine.cancels == [(task, 1, False)]


async def test_a_queued_task_that_cannot_run_any_more_fails_and_blocks_nobody(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine(Capacity(16.0, 64 * GB, gpus(8)))) as gateway:
        first = await gateway.task(cpus=16)
        await gateway.reaches(first, "running")
        tasks = [await gateway.task(gpu=["a100:8"]), await gateway.task(cpus=12)]
        modest = await gateway.task()
        gateway.end(first)
        gateway.engine.gone = True
    machine = Machine(Capacity(4.0, 8 * GB, gpus(2)))
    async with opened(tmp_path, machine) as gateway:
        for task in tasks:
            row = await gateway.until(task, lambda row: row.terminal)
            assert row.status in ("failed",)
        await gateway.finish(modest)


async def test_a_task_is_not_simulated_that_was_accepted_for_real_gpus(tmp_path: Path) -> None:
    real = gpus(1)
    async with opened(tmp_path, Machine(Capacity(1.0, 0, real))) as gateway:
        first = await gateway.task()
        await gateway.reaches(first, "running")
        task = await gateway.task(gpu=["a100"])
    simulated = tuple(
        type(each)(each.index, "simulated", each.model, each.memory_gb, each.vendor, True)
        for each in real
    )
    async with opened(tmp_path, Machine(Capacity(1.0, 0, simulated))) as gateway:
        row = await gateway.reaches(task, "failed")
        assert row.reason == "no_capacity"
        assert row.message is not None
        assert "simulated" in row.message


async def test_a_queued_request_that_the_grammar_lost_does_not_keep_the_gateway_from_starting(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Machine(Capacity(1.0, 0, gpus(1)))) as gateway:
        await gateway.reaches(await gateway.task(), "running")
        task = await gateway.task(gpu=["a100"])
        await gateway.store._database.write(
            lambda writer: (
                writer.execute(
                    "UPDATE tasks SET settings = replace(settings, 'a100', 'a1000') WHERE id = ?",
                    (task,),
                ).rowcount
            )
        )
    async with opened(tmp_path, Machine(Capacity(1.0, 0, gpus(1)))) as gateway:
        assert (await gateway.reaches(task, "failed")).reason == "no_capacity"


# Random lives --------------------------------------------------------------------------------

SETTINGS = st.sampled_from(
    [
        {},
        {"cpus": 0.1},
        {"cpus": 4},
        {"cpus": 1 / 3, "memory_gb": 3},
        {"gpu": ["a100"]},
        {"gpu": ["a100:2"], "memory_gb": 8},
        {"gpu": ["a100:0.5"], "cpus": 0.5},
        {"gpu": ["t4:0.3", "a100"], "priority": 2},
        {"priority": -1, "cpus": 2},
        {"mounts": [{"target": "/a", "source": "volume://a", "create_size_gb": 1}]},
        {
            "cpus": 2,
            "mounts": [
                {"target": "/a", "source": "volume://a", "create_size_gb": 1},
                {"target": "/b", "source": "volume://b", "create_size_gb": 1, "read_only": True},
            ],
        },
    ]
)
STEPS = st.one_of(
    st.tuples(st.just("submit"), st.lists(SETTINGS, min_size=1, max_size=4)),
    st.tuples(st.sampled_from(["end", "cancel", "force", "lose", "update"]), st.integers(0, 30)),
    st.tuples(st.sampled_from(["turn", "restart", "crash"]), st.integers(0, 5)),
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, max_size=40), chance=st.randoms(use_true_random=False))
def test_after_a_random_life_everything_is_as_at_the_start(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, object]],
    chance: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("life")
    machine = Machine(Capacity(4.0, 8 * GB, (*gpus(2), *gpus(1, "t4", 16))))
    life = _Life(folder, machine, chance)
    for step, argument in steps:
        if step == "crash":
            asyncio.run(life.run(crashes=True))
        elif step == "restart":
            asyncio.run(life.run(crashes=False))
        else:
            life.steps.append((step, argument))
    asyncio.run(life.run(crashes=False))
    asyncio.run(life.end_everything())


class _Life:
    """Runs steps on one gateway after the other."""

    def __init__(self, folder: Path, machine: Machine, chance: random.Random) -> None:
        self.folder, self.machine, self.chance = folder, machine, chance
        self.steps: list[tuple[str, object]] = []
        self.tasks: list[str] = []

    async def run(self, *, crashes: bool) -> None:
        gateway = ControlledGateway(self.folder, self.machine)
        await gateway.open()
        for step, argument in self.steps:
            await self._step(gateway, step, argument)
        self.steps.clear()
        if crashes:
            crash(gateway)
        else:
            await gateway.scheduler.close()
            gateway.store.close()

    async def _step(self, gateway: ControlledGateway, step: str, argument: object) -> None:
        if step == "submit":
            assert isinstance(argument, list)
            created = await gateway.submit(*argument)
            self.tasks += created.answer.decode().split()
            return
        assert isinstance(argument, int)
        if step == "turn":
            await asyncio.sleep(0.001 * argument)
        elif not self.tasks:
            return
        task = self.tasks[argument % len(self.tasks)] if self.tasks else ""
        if step in ("cancel", "force"):
            await gateway.scheduler.cancel(PROJECT, task, force=step == "force")
        elif step == "update":
            await gateway.scheduler.update(PROJECT, task, {"priority": argument % 3})
        elif step in ("end", "lose") and self.machine.running:
            attempt = self.chance.choice(self.machine.running)
            state = State.ENDED if step == "end" else State.LOST
            gateway.engine.end(attempt, state=state, exit_code=argument % 2)

    async def end_everything(self) -> None:
        async with opened(self.folder, self.machine) as gateway:
            scheduler = gateway.scheduler
            async with asyncio.timeout(30):
                while not scheduler.idle:
                    for attempt in self.machine.running:
                        gateway.engine.end(attempt)
                    await asyncio.sleep(0.001)
            for task in self.tasks:
                assert gateway.row(task).terminal
                assert len([each for each in self.machine.launches if each[0] == task]) <= 1
            fresh = type(scheduler.pool)(self.machine.capacity)
            assert scheduler.pool.free_parts() == fresh.free_parts()
            assert (scheduler.pool.cpus, scheduler.pool.memory_bytes) == (4.0, 8 * GB)
            assert not scheduler._attempts._on_their_way
            assert not scheduler.held
            assert not scheduler._volumes._held
            events = gateway.store.events_after(PROJECT, 0, limit=100_000)
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            ends = [event.task_id for event in events if event.type.endswith(_ENDS)]
            assert sorted(filter(None, ends)) == sorted(self.tasks)


_ENDS = ("completed", "failed", "task.cancelled")
