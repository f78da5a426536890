"""Waiting for changes."""

from __future__ import annotations

import asyncio

from flowkit_gateway.changes import Changes


async def test_a_waiter_hears_of_its_own_subject_only() -> None:
    changes = Changes()
    with changes.task("a") as task, changes.project("p") as project, changes.task("b") as other:
        changes.publish("p", "a")
        assert await task.wait(1)
        assert await project.wait(1)
        assert not await other.wait(0)
        assert not await task.wait(0)


async def test_what_happens_between_two_waits_is_not_missed() -> None:
    changes = Changes()
    with changes.task("a") as waiter:
        changes.publish("p", "a")
        assert await waiter.wait(0)
        changes.publish("p", "a")
        changes.publish("p", "a")
        assert await waiter.wait(-1)
        assert not await waiter.wait(-1)


async def test_a_change_ends_a_wait() -> None:
    changes = Changes()
    with changes.project("p") as first, changes.project("p") as second:
        waits = [asyncio.ensure_future(each.wait(10)) for each in (first, second)]
        await asyncio.sleep(0)
        changes.publish("p")
        assert await asyncio.gather(*waits) == [True, True]


async def test_a_cancelled_wait_misses_nothing() -> None:
    changes = Changes()
    with changes.task("a") as waiter:
        wait = asyncio.ensure_future(waiter.wait(10))
        await asyncio.sleep(0)
        wait.cancel()
        await asyncio.wait([wait])
        changes.publish("p", "a")
        assert await waiter.wait(0)


async def test_nothing_is_kept_of_waiters_that_left() -> None:
    changes = Changes()
    for number in range(100):
        with changes.task(f"task_{number}"), changes.project(f"p{number}"):
            changes.publish(f"p{number}", f"task_{number}")
    assert not changes._tasks
    assert not changes._projects
