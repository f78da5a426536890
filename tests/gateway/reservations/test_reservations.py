"""What reservations keep from others, give to their own tasks, and how they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import (
    AlreadyExists,
    Conflict,
    IdempotencyConflict,
    InvalidRequest,
    NoCapacity,
)
from flowkit_gateway.store.rows import IdempotencyKey
from tests.gateway.reservations.core import ReservingGateway, machine, moment, opened
from tests.gateway.scheduling import crash

SOON = 0.3
LATER = 3600.0
KEY = IdempotencyKey("k1", "create_reservation", b"1")


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[ReservingGateway]:
    async with opened(tmp_path) as gateway:
        yield gateway


async def reaches(gateway: ReservingGateway, reservation_id: str, status: str) -> None:
    """Wait until a reservation is in a state."""
    await becomes(lambda: gateway.reserved(reservation_id).status == status)


async def becomes(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)


# Who may start where --------------------------------------------------------------------------


async def test_its_tasks_start_when_it_does_and_others_do_not(gateway: ReservingGateway) -> None:
    reservation = await gateway.reserve(SOON, LATER, gpus=3, name="mine")
    assert reservation.status == "scheduled"
    inside = await gateway.task(gpu=["a100:3"], reservation="mine")
    other = await gateway.task(gpu=["a100:2"])
    fits = await gateway.task(gpu=["a100"])
    await gateway.reaches(inside, "running")
    assert gateway.row(inside).settings["reservation"] == reservation.id
    assert gateway.reserved(reservation.id).status == "active"
    assert (gateway.status(other), gateway.status(fits)) == ("pending", "pending")
    # The one GPU that is not reserved is promised to who came first, which needs two.
    await gateway.scheduler.cancel("default", other, force=False)
    await gateway.reaches(fits, "running")
    assert gateway.launch(inside).env["FLOWKIT_RESERVATION"] == reservation.id


async def test_what_ends_in_time_may_run_before_it(gateway: ReservingGateway) -> None:
    await gateway.reserve(1000, LATER, gpus=4)
    long = await gateway.task(gpu=["a100"], max_run_time=2000)
    endless = await gateway.task(gpu=["a100"])
    short = await gateway.task(gpu=["a100"], max_run_time=500)
    await gateway.reaches(short, "running")
    assert (gateway.status(long), gateway.status(endless)) == ("pending", "pending")


async def test_tasks_without_gpus_are_not_kept_from_anything(gateway: ReservingGateway) -> None:
    await gateway.reserve(0, LATER, gpus=4)
    await gateway.reaches(await gateway.task(cpus=16), "running")


async def test_tasks_wait_for_others_of_their_reservation(gateway: ReservingGateway) -> None:
    await gateway.reserve(0, LATER, gpus=1, name="one")
    first = await gateway.task(gpu=["a100"], reservation="one")
    second = await gateway.task(gpu=["a100"], reservation="one")
    await gateway.finish(first)
    await gateway.reaches(second, "running")


# Ends -----------------------------------------------------------------------------------------


async def test_its_end_ends_what_runs_and_what_waits(gateway: ReservingGateway) -> None:
    reservation = await gateway.reserve(0, 4 * SOON, gpus=1, name="short")
    runs = await gateway.task(gpu=["a100"], reservation="short")
    waits = await gateway.task(gpu=["a100"], reservation="short", retries={"max": 3})
    held = await gateway.task(gpu=["a100"], reservation="short", hold=True)
    await gateway.reaches(runs, "running")
    for task in (waits, held):
        row = await gateway.reaches(task, "failed")
        assert (row.reason, row.message) == (
            "reservation_ended",
            "its reservation ended before it started",
        )
    await becomes(lambda: bool(gateway.engine.cancels))
    assert gateway.engine.cancels == [(runs, 1, False)]
    gateway.end(runs, exit_code=143, reason="cancelled")
    row = await gateway.reaches(runs, "failed")
    assert (row.reason, row.message) == ("reservation_ended", "its reservation has ended")
    ended = gateway.reserved(reservation.id)
    assert (ended.status, ended.ended_at) == ("expired", reservation.end_at)
    for _ in range(4):
        await gateway.reaches(await gateway.task(gpu=["a100"]), "running")


async def test_a_cancel_is_its_end(gateway: ReservingGateway) -> None:
    reservation = await gateway.reserve(0, LATER, gpus=4, name="gone")
    outside = await gateway.task(gpu=["a100:2"])
    waits = await gateway.task(gpu=["a100:4"], reservation="gone", hold=True)
    cancelled = await gateway.reservations.cancel("default", reservation.id)
    assert cancelled.status == "cancelled"
    assert await gateway.reservations.cancel("default", reservation.id) == cancelled
    await gateway.reaches(outside, "running")
    assert (await gateway.reaches(waits, "failed")).reason == "reservation_ended"
    with pytest.raises(Conflict, match="cancelled"):
        await gateway.task(reservation=reservation.id)
    with pytest.raises(InvalidRequest, match="no reservation 'gone'"):
        await gateway.task(reservation="gone")
    with pytest.raises(Conflict, match="cancelled"):
        await gateway.reservations.update("default", reservation.id, {"auto_renew": True})


async def test_a_task_that_was_cancelled_is_so_also_in_a_reservation(
    gateway: ReservingGateway,
) -> None:
    await gateway.reserve(0, LATER, name="mine")
    task = await gateway.task(gpu=["a100"], reservation="mine")
    await gateway.reaches(task, "running")
    await gateway.scheduler.cancel("default", task, force=False)
    gateway.end(task, exit_code=143, reason="cancelled")
    assert (await gateway.reaches(task, "cancelled")).reason == "cancelled"


async def test_it_is_renewed_by_its_length_as_long_as_it_is_to_be(
    gateway: ReservingGateway,
) -> None:
    reservation = await gateway.reserve(0, SOON, auto_renew=True, name="renewed")
    task = await gateway.task(gpu=["a100"], reservation="renewed", max_run_time=LATER)
    await becomes(lambda: gateway.reserved(reservation.id).end_at > reservation.end_at)
    renewed = gateway.reserved(reservation.id)
    length = reservation.end_at - reservation.start_at
    times = (renewed.end_at - reservation.end_at) / length
    assert times == pytest.approx(round(times))
    assert (renewed.status, gateway.status(task)) == ("active", "running")
    await gateway.reservations.update("default", reservation.id, {"auto_renew": False})
    await reaches(gateway, reservation.id, "expired")
    await becomes(lambda: bool(gateway.engine.cancels))


async def test_it_is_not_renewed_into_what_others_have_reserved(gateway: ReservingGateway) -> None:
    first = await gateway.reserve(0, SOON, gpus=4, auto_renew=True)
    second = await gateway.reserve(SOON + 0.05, LATER, gpus=1)
    await reaches(gateway, first.id, "expired")
    assert gateway.reserved(first.id).message == "not renewed: others have reserved what it had"
    await reaches(gateway, second.id, "active")


# What can be reserved -------------------------------------------------------------------------


async def test_two_cannot_have_the_same(gateway: ReservingGateway) -> None:
    await gateway.reserve(100, 200, gpus=3)
    with pytest.raises(Conflict, match="1 of 2 1xa100-80gb are free") as caught:
        await gateway.reserve(150, 250, gpus=1, quantity=2)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("as many are free for as long from 20")
    await gateway.reserve(150, 250, gpus=1)
    await gateway.reserve(200.5, 300, gpus=3)


async def test_of_many_at_once_no_more_are_made_than_there_are(gateway: ReservingGateway) -> None:
    made = await asyncio.gather(
        *(gateway.reserve(100, 200, gpus=1) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(each, Conflict) for each in made) == 6
    units = [unit for row in gateway.reservations.table.live() for unit in row.units]
    assert len(units) == len(set(units)) == 4


async def test_what_runs_may_be_in_the_way(gateway: ReservingGateway) -> None:
    endless = await gateway.task(gpu=["a100:2"])
    limited = await gateway.task(gpu=["a100:2"], max_run_time=1000)
    for task in (endless, limited):
        await gateway.reaches(task, "running")
    with pytest.raises(Conflict, match="0 of 1") as caught:
        await gateway.reserve(0, LATER, gpus=1)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("as many are free for as long from")
    await gateway.reserve(1500, LATER, gpus=2)
    with pytest.raises(Conflict) as caught:
        await gateway.reserve(1500, LATER, gpus=3)
    assert caught.value.hint is not None
    assert "without a max_run_time" in caught.value.hint


async def test_when_machines_are_free(gateway: ReservingGateway) -> None:
    await gateway.reserve(100, 200, gpus=3)

    def slots(quantity: int) -> list[tuple[int, int, int]]:
        found = gateway.reservations.availability(
            "1xa100", quantity, region=None, earliest_start_at=None, latest_end_at=moment(400)
        )
        assert (found.instance_type, found.region) == ("1xa100-80gb", "local")
        begin = found.slots[0].start_at

        def hundreds(at: float) -> int:
            return round((at - begin) / 100)

        return [
            (hundreds(slot.start_at), hundreds(slot.end_at), slot.quantity) for slot in found.slots
        ]

    assert slots(1) == [(0, 4, 1)]
    assert slots(2) == [(0, 1, 4), (2, 4, 4)]


@pytest.mark.parametrize(
    ("begin", "end", "fields", "error", "text"),
    [
        (-100.0, 100.0, {}, InvalidRequest, "/body/start_at is past"),
        (0.0, -100.0, {}, InvalidRequest, "/body/end_at is past"),
        (200.0, 100.0, {}, InvalidRequest, "not after the start"),
        (0.0, 400 * 86400.0, {}, InvalidRequest, "more than a year"),
        (0.0, 100.0, {"quantity": 3}, NoCapacity, "there are 2"),
        (0.0, 100.0, {"instance_type": "1xh100"}, NoCapacity, "there are 0"),
        (0.0, 100.0, {"instance_type": "cpu"}, NoCapacity, "without GPUs"),
        (0.0, 100.0, {"region": "mars"}, NoCapacity, "no region"),
    ],
)
async def test_what_cannot_be_reserved(
    gateway: ReservingGateway,
    begin: float,
    end: float,
    fields: dict[str, Any],
    error: type[Exception],
    text: str,
) -> None:
    with pytest.raises(error) as caught:
        await gateway.reserve(begin, end, **fields)
    assert text in f"{caught.value} {getattr(caught.value, 'details', '')}".replace(
        "Detail(loc='/body/start_at', msg='", "/body/start_at "
    ).replace("Detail(loc='/body/end_at', msg='", "/body/end_at ")
    assert not gateway.reservations.table.live()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"reservation": "nobodys"}, InvalidRequest),
        ({"reservation": "reservation_" + "0" * 26}, InvalidRequest),
        ({"reservation": "mine", "gpu": ["a100:3"]}, NoCapacity),
        ({"reservation": "mine", "gpu": ["a100"], "max_run_time": 2000}, InvalidRequest),
    ],
)
async def test_tasks_that_cannot_run_in_it(
    gateway: ReservingGateway, settings: dict[str, object], error: type[Exception]
) -> None:
    await gateway.reserve(0, 1000, gpus=2, name="mine")
    with pytest.raises(error):
        await gateway.task(**settings)


async def test_a_name_is_given_once_at_a_time(gateway: ReservingGateway) -> None:
    first = await gateway.reserve(100, 200, gpus=1, name="nightly")
    with pytest.raises(AlreadyExists, match="nightly"):
        await gateway.reserve(100, 200, gpus=1, name="nightly")
    await gateway.reserve(100, 200, gpus=1, name="nightly", project="other")
    await gateway.reservations.cancel("default", first.id)
    await gateway.reserve(100, 200, gpus=1, name="nightly")


async def test_another_projects_is_not_there(gateway: ReservingGateway) -> None:
    theirs = await gateway.reserve(0, LATER, project="other", name="theirs")
    for reference in (theirs.id, "theirs"):
        with pytest.raises(InvalidRequest):
            await gateway.task(reservation=reference)


async def test_a_create_can_be_repeated(gateway: ReservingGateway) -> None:
    first = await gateway.reserve(100, 200, gpus=4, key=KEY)
    assert await gateway.reserve(100, 200, gpus=4, key=KEY) == first
    assert len(gateway.reservations.table.live()) == 1
    with pytest.raises(IdempotencyConflict):
        await gateway.reserve(300, 400, key=KEY._replace(body_hash=b"2"))


# Kills ----------------------------------------------------------------------------------------


async def test_a_gateway_that_starts_anew_keeps_what_was_reserved(tmp_path: Path) -> None:
    there = machine()
    before = ReservingGateway(tmp_path, there)
    await before.open()
    reservation = await before.reserve(0, LATER, gpus=4, name="kept")
    inside = await before.task(gpu=["a100:2"], reservation="kept")
    await before.reaches(inside, "running")
    await before.reservations.close()
    crash(before)
    async with opened(tmp_path, there) as after:
        outside = await after.task(gpu=["a100"])
        more = await after.task(gpu=["a100:2"], reservation="kept")
        await after.reaches(more, "running")
        assert after.reserved(reservation.id) == reservation
        assert (after.status(inside), after.status(outside)) == ("running", "pending")


async def test_what_should_have_happened_meanwhile_happens_then(tmp_path: Path) -> None:
    there = machine()
    before = ReservingGateway(tmp_path, there)
    await before.open()
    ended = await before.reserve(0, SOON, gpus=1, name="ended")
    renewed = await before.reserve(0, SOON, gpus=1, auto_renew=True)
    missed = await before.reserve(SOON / 2, SOON, gpus=1)
    inside = await before.task(gpu=["a100"], reservation="ended")
    waits = await before.task(gpu=["a100"], reservation="ended")
    await before.reaches(inside, "running")
    await before.reservations.close()
    crash(before)
    await becomes(lambda: time.time() > missed.end_at)
    async with opened(tmp_path, there) as after:
        await reaches(after, ended.id, "expired")
        await reaches(after, missed.id, "expired")
        assert after.reserved(renewed.id).status == "active"
        assert (await after.reaches(waits, "failed")).reason == "reservation_ended"
        await becomes(lambda: bool(after.engine.cancels))
        assert after.engine.cancels == [(inside, 1, False)]


async def test_a_kill_between_an_end_and_the_ends_of_its_tasks(tmp_path: Path) -> None:
    there = machine()
    before = ReservingGateway(tmp_path, there)
    await before.open()
    reservation = await before.reserve(0, LATER, gpus=2, name="mine")
    inside = await before.task(gpu=["a100"], reservation="mine")
    held = await before.task(gpu=["a100"], reservation="mine", hold=True)
    await before.reaches(inside, "running")
    await before.reservations.close()
    await before.store.database.write(
        lambda connection: connection.execute(
            "UPDATE reservations SET status = 'cancelled', ended_at = 1 WHERE id = ?",
            (reservation.id,),
        )
    )
    crash(before)
    async with opened(tmp_path, there) as after:
        assert (await after.reaches(held, "failed")).reason == "reservation_ended"
        assert after.engine.cancels == [(inside, 1, False)]
        assert await after.reservations.cancel("default", reservation.id)


async def test_an_ended_reservation_takes_no_task_in_the_last_moment(
    gateway: ReservingGateway,
) -> None:
    """Admitted while it was active, and inserted when it has ended."""
    reservation = await gateway.reserve(0, LATER, name="mine")
    caller = Principal("me", "default")
    settings: dict[str, object] = {"command": ["true"], "reservation": "mine"}
    admitted = await gateway.scheduler.parts.admit(caller, settings, "/body")
    assert admitted["reservation"] == reservation.id
    task, cancelled = await asyncio.gather(
        gateway.task(gpu=["a100"], reservation="mine"),
        gateway.reservations.cancel("default", reservation.id),
        return_exceptions=True,
    )
    assert not isinstance(cancelled, BaseException)
    if isinstance(task, str):
        await becomes(lambda: gateway.status(task) == "failed" or bool(gateway.engine.cancels))
    else:
        assert isinstance(task, Conflict)
