"""Who may start on devices that are reserved."""

from __future__ import annotations

import math
import time

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flowkit.gpus import GPURequest
from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.free_devices import OPEN, Shelf
from flowkit_gateway.placement import Demand, Pool, Promised, demand_of
from flowkit_gateway.store.rows import Placement
from flowkit_gateway.task_queue import TaskQueue
from tests.gateway.controlled_engine import GB, gpus

HOUR = 3600.0
CAPACITY = Capacity(64.0, 64 * GB, gpus(4))
UUIDS = [device.uuid for device in CAPACITY.devices]


def wanted(
    gpu: str = "a100", *, run_time: float | None = None, reservation: str | None = None
) -> Demand:
    """Return the demand of a task for GPUs."""
    return Demand(1.0, 0, (GPURequest.parse(gpu),), run_time=run_time, reservation=reservation)


def reserved(shelf: Shelf, count: int = 2, until: float = math.inf) -> Pool:
    """Return a pool of four GPUs, the last ones of which are on a shelf."""
    pool = Pool(CAPACITY)
    ends = {shelf: until} if isinstance(shelf, str) else {}
    pool.keep_free(dict.fromkeys(UUIDS[-count:], shelf), ends)
    return pool


def chosen(pool: Pool, demand: Demand) -> list[str]:
    """Return the devices that a demand is given, none when it has to wait."""
    placement = pool.choose(demand, Promised())
    return [] if placement is None else list(placement.device_uuids)


def test_within_the_time_only_its_tasks_start_on_what_is_reserved() -> None:
    pool = reserved("reservation_1")
    assert chosen(pool, wanted("a100:2", reservation="reservation_1")) == UUIDS[2:]
    assert chosen(pool, wanted("a100:2")) == UUIDS[:2]
    assert chosen(pool, wanted("a100:3")) == []
    assert chosen(pool, wanted("a100:0.5", reservation="reservation_1")) == UUIDS[2:3]
    assert chosen(pool, wanted("a100", reservation="reservation_2")) == []


def test_before_the_time_only_what_ends_in_time_starts_on_it() -> None:
    pool = reserved(time.time() + HOUR)
    assert chosen(pool, wanted("a100:2", run_time=HOUR / 2)) == UUIDS[2:]
    assert chosen(pool, wanted("a100:4", run_time=HOUR / 2)) == [*UUIDS[2:], *UUIDS[:2]]
    assert chosen(pool, wanted("a100:3", run_time=2 * HOUR)) == []
    assert chosen(pool, wanted("a100:3")) == []
    assert chosen(pool, wanted("a100:2")) == UUIDS[:2]


def test_shares_of_a_gpu_keep_to_their_shelf() -> None:
    pool = reserved("reservation_1", count=3)
    first = pool.choose(wanted("a100:0.5"), Promised())
    assert first is not None
    pool.take(first)
    assert chosen(pool, wanted("a100:0.5", reservation="reservation_1")) == UUIDS[1:2]
    assert chosen(pool, wanted("a100:0.5")) == UUIDS[:1]


def test_a_task_without_gpus_starts_within_its_reservation_alone() -> None:
    pool = reserved("reservation_1")
    for reservation, starts in (("reservation_1", True), ("reservation_2", False), (None, True)):
        demand = Demand(1.0, 0, (), reservation=reservation)
        assert (pool.choose(demand, Promised()) is not None) is starts


def test_what_runs_on_a_device_that_is_reserved_ends_on_its_shelf() -> None:
    pool = Pool(CAPACITY)
    placement = pool.choose(wanted("a100:4"), Promised())
    assert placement is not None
    pool.take(placement)
    pool.keep_free(dict.fromkeys(UUIDS[2:], "reservation_1"), {"reservation_1": math.inf})
    assert chosen(pool, wanted(reservation="reservation_1")) == []
    pool.give(placement)
    assert chosen(pool, wanted("a100:2", reservation="reservation_1")) == UUIDS[2:]
    assert chosen(pool, wanted("a100:3")) == []
    pool.keep_free({}, {})
    assert chosen(pool, wanted("a100:4")) == UUIDS


def test_a_placement_says_when_it_will_be_given_back() -> None:
    until = time.time() + HOUR
    pool = reserved("reservation_1", until=until)
    within = pool.choose(wanted(reservation="reservation_1"), Promised())
    open_end = pool.choose(wanted(), Promised())
    limited = pool.choose(wanted(run_time=HOUR), Promised())
    assert within is not None
    assert open_end is not None
    assert limited is not None
    assert (within.until, open_end.until) == (until, None)
    assert limited.until is not None
    assert abs(limited.until - until) < HOUR / 10


def test_limits_count_the_grace_period_and_are_rounded_up() -> None:
    assert demand_of({"max_run_time": 60}, []).run_time == 65
    assert demand_of({"max_run_time": 0.5}, []).run_time == 5.5
    assert demand_of({"max_run_time": 3599}, []).run_time == 3700
    assert demand_of({}, []).run_time is None


def test_who_waits_for_ever_keeps_nothing_from_those_who_end_in_time() -> None:
    queue, pool = TaskQueue(), reserved(time.time() + HOUR)
    queue.add("a", 0, wanted("a100:3"))
    queue.add("b", 0, wanted("a100:2", run_time=HOUR / 2))
    queue.add("c", 0, wanted())
    started = queue.start_what_fits(pool, BlockVolumes(lambda _: False), 10)
    assert [task for task, _ in started] == ["b"]


DEMANDS = st.builds(
    wanted,
    st.sampled_from(["a100", "a100:2", "a100:0.5", "a100:0.3"]),
    run_time=st.sampled_from([None, 0.5 * HOUR, 5 * HOUR]),
    reservation=st.sampled_from([None, None, "reservation_1", "reservation_2"]),
)
SHELVES: st.SearchStrategy[Shelf] = st.sampled_from(
    [OPEN, "reservation_1", "reservation_2", 1.0, 8.0]
)
"""Reservations that begin from now on are told by hours."""


class ReservedPool(RuleBasedStateMachine):
    """Tasks start and end in any order while reservations come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(CAPACITY)
        self.now = time.time()
        self.shelves: dict[str, Shelf] = {}
        self.held: list[Placement] = []

    @rule(data=st.data())
    def reserve(self, data: st.DataObject) -> None:
        drawn = {uuid: data.draw(SHELVES) for uuid in UUIDS}
        self.shelves = {
            uuid: shelf if isinstance(shelf, str) else self.now + HOUR * shelf
            for uuid, shelf in drawn.items()
        }
        active = {shelf for shelf in self.shelves.values() if isinstance(shelf, str)}
        self.pool.keep_free(self.shelves, dict.fromkeys(active, math.inf))

    @rule(demand=DEMANDS)
    def start(self, demand: Demand) -> None:
        placement = self.pool.choose(demand, Promised())
        if placement is None:
            return
        for uuid in placement.device_uuids:
            shelf = self.shelves.get(uuid, OPEN)
            if demand.reservation is not None or isinstance(shelf, str):
                assert shelf == demand.reservation
            else:
                assert shelf >= self.now + (demand.run_time or math.inf)
        self.pool.take(placement)
        self.held.append(placement)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if self.held:
            place = data.draw(st.integers(0, len(self.held) - 1))
            self.pool.give(self.held.pop(place))

    @invariant()
    def nothing_is_given_twice(self) -> None:
        for uuid in UUIDS:
            shares = [each.share for each in self.held if uuid in each.device_uuids]
            assert sum(shares) <= 1 + 1e-4

    def teardown(self) -> None:
        self.pool.keep_free({}, {})
        for placement in self.held:
            self.pool.give(placement)
        assert chosen(self.pool, wanted("a100:4")) == UUIDS


TestReservedPool = ReservedPool.TestCase
TestReservedPool.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
