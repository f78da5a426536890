"""Reservations by both twins, on a machine whose GPUs are simulated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flowkit import (
    AlreadyExists,
    AsyncFlow,
    Client,
    Conflict,
    Flow,
    InvalidRequest,
    InvalidTaskConfig,
    NoCapacity,
    ReservationNotFound,
    TaskConfig,
)


def test_tasks_run_within_their_reservation(flow: Flow) -> None:
    reservation = flow.reserve("8xa100-80gb", "1h", name="mine")
    assert (reservation.status, reservation.quantity, reservation.name) == ("active", 1, "mine")
    outside = flow.run("true", gpu="a100-80gb")
    inside = [
        flow.run("true", gpu="a100-80gb:4", reservation=reference)
        for reference in ("mine", reservation.id, reservation)
    ]
    assert [task.wait(timeout="1m").status for task in inside] == ["completed"] * 3
    assert {task.reservation for task in inside} == {reservation.id}
    assert outside.refresh().status == "pending"
    assert flow.cancel_reservation("mine").status == "cancelled"
    assert outside.wait(timeout="1m").status == "completed"
    with pytest.raises(Conflict, match="cancelled"):
        flow.run("true", reservation=reservation)


def test_a_reservation_is_found_changed_and_listed(flow: Flow) -> None:
    begin = datetime.now(UTC) + timedelta(hours=1)
    first = flow.reserve("1xt4", quantity=2, start_at=begin, end_at=begin + timedelta(hours=1))
    second = flow.reserve("1xt4", "30m", start_at="2h", name="second", auto_renew=True)
    assert (first.status, first.start_at, first.region) == ("scheduled", begin, "local")
    assert [each.id for each in flow.list_reservations()] == [second.id, first.id]
    assert [each.id for each in flow.list_reservations("scheduled", limit=1)] == [second.id]
    assert flow.list_reservations("active") == []
    assert flow.get_reservation("second").auto_renew
    assert not second.update(auto_renew=False).auto_renew
    assert first.cancel().is_terminal
    assert first.refresh().ended_at is not None
    with pytest.raises(ReservationNotFound):
        flow.get_reservation("reservation_" + "0" * 26)
    with pytest.raises(ReservationNotFound, match="'gone'"):
        flow.cancel_reservation("gone")


def test_a_conflict_names_times_that_are_free(flow: Flow) -> None:
    flow.reserve("8xt4", "1h", start_at="1h", name="taken")
    with pytest.raises(Conflict, match="0 of 1 1xt4") as caught:
        flow.reserve("1xt4", "1h", start_at="90m")
    assert caught.value.hint is not None
    assert "as many are free for as long from" in caught.value.hint
    slots = flow.reservation_availability("2xt4", quantity=4, latest_end_at="4h")
    assert [slot.quantity for slot in slots] == [4, 4]
    assert slots[0].end_at == flow.get_reservation("taken").start_at
    with pytest.raises(AlreadyExists):
        flow.reserve("1xl4", "1h", name="taken")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({}, InvalidRequest, "not said when"),
        ({"duration": "1h", "end_at": "1h"}, InvalidRequest, "said twice"),
        ({"duration": "1h", "quantity": 0}, InvalidRequest, "invalid quantity 0"),
        ({"duration": "1h", "quantity": -1}, InvalidRequest, "invalid quantity -1"),
        ({"duration": "1h", "quantity": True}, InvalidRequest, "invalid quantity"),
        ({"duration": "0s"}, InvalidRequest, "more than 0"),
        ({"duration": "-1h"}, InvalidRequest, "not a duration"),
        ({"end_at": "2001-01-01"}, InvalidRequest, "ends before it begins"),
        ({"start_at": "2h", "end_at": "1h"}, InvalidRequest, "ends before it begins"),
        ({"start_at": "soon", "duration": "1h"}, InvalidRequest, "not a time"),
        ({"start_at": 7, "duration": "1h"}, InvalidRequest, "invalid time 7"),
        ({"start_at": "2001-01-01", "end_at": "1h"}, InvalidRequest, "is past"),
        ({"duration": "1h", "name": "no name"}, InvalidRequest, "invalid reservation name"),
        ({"duration": "1h", "region": "mars"}, NoCapacity, "no region"),
        ({"duration": "1h", "quantity": 9}, NoCapacity, "9 1xt4 are asked for"),
        ({"duration": "100w"}, InvalidRequest, "more than a year"),
        ({"duration": "1h", "instance_type": "1xnothing"}, InvalidRequest, "nothing"),
        ({"duration": "1h", "instance_type": "cpu"}, NoCapacity, "without GPUs"),
    ],
)
def test_what_cannot_be_reserved(
    flow: Flow, arguments: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        flow.reserve(**{"instance_type": "1xt4", **arguments})  # type: ignore[arg-type]  # wrong on purpose
    assert flow.list_reservations() == []


def test_what_no_task_can_be_given(flow: Flow) -> None:
    for wrong in ("no name", "", 7, ["a"]):
        with pytest.raises(InvalidTaskConfig, match="invalid reservation"):
            TaskConfig(command="true", reservation=wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InvalidRequest, match="no reservation 'nobodys'"):
        flow.run("true", reservation="nobodys")
    flow.reserve("1xt4", "10m", name="short")
    with pytest.raises(InvalidRequest, match="is longer than"):
        flow.run("true", gpu="t4", reservation="short", max_run_time="1h")
    with pytest.raises(NoCapacity, match="has 1 1xt4"):
        flow.run("true", gpu="t4:2", reservation="short")


async def test_the_asynchronous_twin(flow: Flow) -> None:
    async with AsyncFlow() as twin:
        reservation = await twin.reserve("1xl4", "1h", name="async")
        task = await twin.run("echo $FLOWKIT_RESERVATION", gpu="l4", reservation=reservation)
        assert (await task.wait(timeout="1m")).status == "completed"
        assert (await twin.logs(task)).strip() == reservation.id
        assert [each.id for each in await twin.list_reservations()] == [reservation.id]
        slots = await twin.reservation_availability("8xl4", latest_end_at="2h")
        assert slots[0].start_at == reservation.end_at
        assert (await twin.cancel_reservation("async")).status == "cancelled"
        assert (await (await twin.get_reservation(reservation)).refresh()).is_terminal


def test_a_client_reserves_in_short(flow: Flow) -> None:
    with Client() as client:
        reservation = flow.get_reservation(client.reserve("a100:4", 0.5, auto_renew=True))
        assert (reservation.instance_type, reservation.auto_renew) == ("4xa100-80gb", True)
        assert reservation.end_at - reservation.start_at == pytest.approx(
            timedelta(minutes=30), abs=timedelta(minutes=1)
        )
        with pytest.raises(InvalidRequest, match="duration_hours"):
            client.reserve("a100", True)
