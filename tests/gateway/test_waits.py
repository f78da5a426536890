"""Tasks that wait: for others, for another try, for their release."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from flowkit_gateway.problems import Conflict, InvalidRequest, TaskNotPending
from tests.gateway.controlled_engine import Machine, State
from tests.gateway.scheduling import PROJECT, ControlledGateway, crash, opened

SOON = {"max": 2, "backoff": 0}
WHOLE = {"cpus": 4}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[ControlledGateway]:
    """A gateway on a machine with 4 CPUs."""
    async with opened(tmp_path) as gateway:
        yield gateway


def behind(*tasks: str, condition: str | None = None) -> list[dict[str, str]]:
    more = {} if condition is None else {"condition": condition}
    return [{"task": task, **more} for task in tasks]


async def runs(gateway: ControlledGateway, task: str, attempt: int) -> None:
    """Wait until an attempt of a task runs."""
    await gateway.until(task, lambda row: (row.attempt, row.status) == (attempt, "running"))


# Dependencies --------------------------------------------------------------------------------


async def test_a_task_starts_once_the_one_before_it_is_completed(
    gateway: ControlledGateway,
) -> None:
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first))
    await gateway.reaches(first, "running")
    await gateway.settled()
    assert gateway.status(second) == "pending"
    assert gateway.scheduler.queue_position(second) is None
    assert gateway.scheduler.waiting_for(gateway.row(second)) == [first]
    gateway.end(first)
    await gateway.reaches(second, "running")
    assert gateway.scheduler.waiting_for(gateway.row(second)) == []


@pytest.mark.parametrize(
    ("condition", "exit_code", "status"),
    [
        (None, 0, "running"),
        (None, 1, "failed"),
        ("afterok", 1, "failed"),
        ("afterany", 1, "running"),
        ("afterany", 0, "running"),
    ],
)
async def test_what_the_other_task_must_have_done(
    gateway: ControlledGateway, condition: str | None, exit_code: int, status: str
) -> None:
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first, condition=condition))
    await gateway.reaches(first, "running")
    gateway.end(first, exit_code=exit_code)
    row = await gateway.reaches(second, status)
    if status == "failed":
        assert (row.reason, row.attempt) == ("dependency_failed", 0)
        assert first in (row.message or "")


async def test_after_is_met_by_a_start(gateway: ControlledGateway) -> None:
    first = await gateway.task(hold=True)
    second = await gateway.task(depends_on=behind(first, condition="after"))
    await gateway.settled()
    assert gateway.status(second) == "pending"
    await gateway.scheduler.release(PROJECT, first)
    await gateway.reaches(second, "running")
    assert gateway.status(first) == "running"


async def test_a_failure_goes_down_the_whole_chain(gateway: ControlledGateway) -> None:
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first))
    third = await gateway.task(depends_on=behind(second))
    last = await gateway.task(depends_on=behind(third, condition="afterany"))
    await gateway.reaches(first, "running")
    gateway.end(first, exit_code=1)
    assert (await gateway.reaches(third, "failed")).reason == "dependency_failed"
    await gateway.reaches(last, "running")


async def test_a_cancelled_task_lets_down_what_is_behind_it(gateway: ControlledGateway) -> None:
    first = await gateway.task(hold=True)
    second = await gateway.task(depends_on=behind(first))
    await gateway.scheduler.cancel(PROJECT, first, force=False)
    assert (await gateway.reaches(second, "failed")).reason == "dependency_failed"


async def test_a_task_behind_one_that_has_ended_starts_at_once(gateway: ControlledGateway) -> None:
    first = await gateway.task()
    await gateway.finish(first)
    await gateway.reaches(await gateway.task(depends_on=behind(first)), "running")


async def test_tasks_of_a_batch_are_named(gateway: ControlledGateway) -> None:
    created = await gateway.submit(
        {"name": "report", "depends_on": behind("train", "prepare")},
        {"name": "train", "depends_on": behind("prepare")},
        {"name": "prepare"},
    )
    report, train, prepare = created.answer.decode().split()
    for task in (prepare, train, report):
        await gateway.finish(task)
    assert gateway.row(report).settings["depends_on"] == behind(train, prepare, condition="afterok")


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([{"depends_on": behind("task_" + "0" * 26)}], "there is no task"),
        ([{"depends_on": behind("nobody")}], "there is no task 'nobody'"),
        ([{"name": "a", "depends_on": behind("a")}], "in a circle: a"),
        (
            [
                {"name": "a", "depends_on": behind("b")},
                {"name": "b", "depends_on": behind("c")},
                {"name": "c", "depends_on": behind("a")},
                {"name": "d"},
            ],
            "in a circle: a, b, c",
        ),
        (
            [{"name": "a"}, {"name": "a"}, {"depends_on": behind("a")}],
            "2 tasks of this batch are named 'a'",
        ),
        ([{"name": "a"}, {"depends_on": behind("a", "a")}], "twice"),
    ],
)
async def test_what_cannot_be_depended_on_is_refused(
    gateway: ControlledGateway, tasks: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        await gateway.submit(*tasks)
    assert gateway.events() == []


async def test_another_projects_task_cannot_be_depended_on(gateway: ControlledGateway) -> None:
    first = await gateway.task()
    with pytest.raises(InvalidRequest, match="there is no task"):
        await gateway.submit({"depends_on": behind(first)}, project="other")


async def test_a_task_stays_while_another_is_to_look_at_it(gateway: ControlledGateway) -> None:
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first), hold=True)
    await gateway.finish(first)
    with pytest.raises(Conflict, match=second):
        await gateway.scheduler.delete(PROJECT, first)
    assert gateway.machine.discarded == []
    await gateway.scheduler.cancel(PROJECT, second, force=False)
    await gateway.scheduler.delete(PROJECT, first)


async def test_dependencies_survive_the_gateway(tmp_path: Path) -> None:
    machine = Machine()
    gateway = ControlledGateway(tmp_path, machine)
    await gateway.scheduler.open()
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first))
    await gateway.reaches(first, "running")
    crash(gateway)
    async with opened(tmp_path, machine) as gateway:
        await gateway.reaches(first, "running")
        await gateway.settled()
        assert gateway.status(second) == "pending"
        gateway.end(first)
        await gateway.reaches(second, "running")


# Retries -------------------------------------------------------------------------------------


async def test_a_task_that_fails_is_tried_again(gateway: ControlledGateway) -> None:
    task = await gateway.task(retries=SOON)
    for attempt in (1, 2):
        await runs(gateway, task, attempt)
        gateway.end(task, exit_code=attempt)
    await runs(gateway, task, 3)
    gateway.end(task, exit_code=0)
    row = await gateway.reaches(task, "completed")
    assert (row.exit_code, row.retries) == (0, 2)
    earlier = gateway.store.attempts.of(task, before=99, limit=9)
    assert [(each.number, each.status, each.exit_code) for each in earlier] == [
        (2, "failed", 2),
        (1, "failed", 1),
    ]
    assert gateway.events(task).count("retrying") == 2


async def test_the_last_failure_is_the_tasks(gateway: ControlledGateway) -> None:
    task = await gateway.task(retries={"max": 1, "backoff": 0})
    for attempt in (1, 2):
        await runs(gateway, task, attempt)
        gateway.end(task, exit_code=attempt)
    assert (await gateway.reaches(task, "failed")).exit_code == 2


@pytest.mark.parametrize(
    ("causes", "reason", "state", "retried"),
    [
        (None, "exited", State.ENDED, True),
        (None, "max_run_time", State.ENDED, False),
        (None, "out_of_memory", State.ENDED, False),
        (None, None, State.LOST, True),
        (["out_of_memory"], "out_of_memory", State.ENDED, True),
        (["out_of_memory"], "exited", State.ENDED, False),
        (["node_lost"], None, State.LOST, True),
    ],
)
async def test_what_a_retry_follows(
    gateway: ControlledGateway,
    causes: list[str] | None,
    reason: str | None,
    state: State,
    retried: bool,
) -> None:
    policy = SOON if causes is None else {**SOON, "on_causes": causes}
    task = await gateway.task(retries=policy)
    await gateway.reaches(task, "running")
    gateway.end(task, state=state, reason=reason, exit_code=137)
    if retried:
        await runs(gateway, task, 2)
    else:
        await gateway.reaches(task, "failed")


async def test_a_cancelled_task_is_not_tried_again(gateway: ControlledGateway) -> None:
    task = await gateway.task(retries=SOON)
    await gateway.reaches(task, "running")
    await gateway.scheduler.cancel(PROJECT, task, force=False)
    gateway.end(task, exit_code=143)
    assert (await gateway.reaches(task, "failed")).attempt == 1


async def test_a_pause_before_a_retry_holds_nothing_and_can_be_cancelled(
    gateway: ControlledGateway,
) -> None:
    task = await gateway.task(retries={"max": 3, "backoff": 200}, **WHOLE)
    await gateway.reaches(task, "running")
    gateway.end(task, exit_code=1)
    row = await gateway.reaches(task, "pending")
    assert row.retry_at is not None
    assert 150 < row.retry_at - time.time() <= 200
    await gateway.finish(await gateway.task(**WHOLE))
    assert gateway.scheduler.queue_position(task) is None
    assert not gateway.scheduler.idle
    await gateway.scheduler.cancel(PROJECT, task, force=False)
    assert gateway.status(task) == "cancelled"
    await gateway.settled()
    assert gateway.scheduler.idle


async def test_a_retry_survives_the_gateway(tmp_path: Path) -> None:
    machine = Machine()
    gateway = ControlledGateway(tmp_path, machine)
    await gateway.scheduler.open()
    task = await gateway.task(retries={"max": 1, "backoff": 0.2})
    await gateway.reaches(task, "running")
    gateway.end(task, exit_code=1)
    await gateway.until(task, lambda row: row.retries == 1)
    crash(gateway)
    async with opened(tmp_path, machine) as gateway:
        await runs(gateway, task, 2)


# Holding -------------------------------------------------------------------------------------


async def test_a_held_task_waits_for_its_release(gateway: ControlledGateway) -> None:
    task = await gateway.task(hold=True)
    await gateway.settled()
    assert gateway.status(task) == "pending"
    assert gateway.row(task).held_at is not None
    assert gateway.scheduler.idle
    await gateway.scheduler.release(PROJECT, task)
    await gateway.reaches(task, "running")
    assert gateway.events(task) == ["created", "released", "starting", "running"]


async def test_a_queued_task_can_be_held(gateway: ControlledGateway) -> None:
    first = await gateway.task(**WHOLE)
    second = await gateway.task(**WHOLE)
    await gateway.reaches(first, "running")
    await gateway.scheduler.hold(PROJECT, second)
    await gateway.scheduler.hold(PROJECT, second)
    gateway.end(first)
    await gateway.reaches(first, "completed")
    await gateway.settled()
    assert gateway.status(second) == "pending"
    assert gateway.events(second).count("held") == 1
    await gateway.scheduler.release(PROJECT, second)
    await gateway.reaches(second, "running")
    with pytest.raises(TaskNotPending):
        await gateway.scheduler.hold(PROJECT, second)


async def test_a_released_task_still_waits_for_the_one_before_it(
    gateway: ControlledGateway,
) -> None:
    first = await gateway.task()
    second = await gateway.task(depends_on=behind(first), hold=True)
    await gateway.scheduler.release(PROJECT, second)
    await gateway.reaches(first, "running")
    await gateway.settled()
    assert gateway.status(second) == "pending"
    gateway.end(first)
    await gateway.reaches(second, "running")
