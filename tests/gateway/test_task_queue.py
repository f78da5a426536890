"""The order of the queue, and that nobody waits for ever."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flowkit.gpus import GPURequest
from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.placement import Demand, Pool
from flowkit_gateway.store.rows import Placement
from flowkit_gateway.task_queue import TaskQueue
from tests.gateway.controlled_engine import GB, gpus

CAPACITY = Capacity(8.0, 16 * GB, (*gpus(4), *gpus(2, "t4", 16)))
MANY = 1000
NO_VOLUMES = BlockVolumes(lambda _: False)


def small(cpus: float = 1.0, memory_gb: int = 0, gpu: str | None = None) -> Demand:
    """Return a demand."""
    return Demand(cpus, memory_gb * GB, (GPURequest.parse(gpu),) if gpu else ())


def started(
    queue: TaskQueue, pool: Pool, most: int = MANY, volumes: BlockVolumes = NO_VOLUMES
) -> list[str]:
    """Return the tasks that one pass starts."""
    return [task for task, _ in queue.start_what_fits(pool, volumes, most)]


def with_volumes(*volume_ids: str, cpus: float = 1.0, gpu: str | None = None) -> Demand:
    """Return the demand of a task that needs block volumes."""
    return small(cpus, gpu=gpu)._replace(volumes=volume_ids)


def test_older_tasks_start_first() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    for task in ("c", "a", "b"):
        queue.add(task, 0, small(cpus=3))
    assert started(queue, pool) == ["a", "b"]
    assert "c" in queue
    assert len(queue) == 1


def test_a_higher_priority_goes_first() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    queue.add("a", -5, small(cpus=3))
    queue.add("b", 0, small(cpus=3))
    queue.add("c", 5, small(cpus=3))
    assert started(queue, pool) == ["c", "b"]


def test_a_new_priority_moves_a_task() -> None:
    queue = TaskQueue()
    for task in "abc":
        queue.add(task, 0, small())
    queue.reprioritize("c", 1)
    assert [queue.position(task) for task in "abc"] == [2, 3, 1]
    queue.reprioritize("absent", 1)
    assert queue.position("absent") is None


def test_a_task_is_queued_once() -> None:
    queue = TaskQueue()
    queue.add("a", 0, small())
    queue.add("a", 0, small())
    assert len(queue) == 1
    assert queue.remove("a")
    assert not queue.remove("a")
    assert not queue


def test_a_pass_starts_no_more_than_it_may_and_the_next_goes_on() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    for task in "abcde":
        queue.add(task, 0, small())
    assert started(queue, pool, most=2) == ["a", "b"]
    assert started(queue, pool, most=2) == ["c", "d"]


def test_a_big_task_is_not_overtaken_for_what_it_needs() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    queue.add("a", 0, small(gpu="a100:3"))
    assert started(queue, pool) == ["a"]
    queue.add("b", 0, small(gpu="a100:4"))
    queue.add("c", 0, small(gpu="a100"))
    queue.add("d", 0, small(gpu="t4"))
    queue.add("e", 0, small(cpus=4))
    assert started(queue, pool) == ["d", "e"]


def test_a_queue_of_many_demands_does_not_hold_up_the_loop_for_long() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    queue.add("0", 0, small(gpu="a100:3"))
    assert started(queue, pool) == ["0"]
    for number in range(10_000):
        queue.add(f"{number:05}", 0, small(cpus=1 + number * 1e-6, gpu="a100:4"))
    queue.add("last", 0, small(gpu="t4"))
    assert started(queue, pool) == []


def test_an_emptied_queue_keeps_nothing() -> None:
    queue, pool = TaskQueue(), Pool(CAPACITY)
    for number in range(1000):
        queue.add(f"{number:04}", number % 7, small(cpus=0.001 * (1 + number % 5)))
        if number % 3 == 0:
            queue.reprioritize(f"{number:04}", 9)
    assert len(started(queue, pool)) == 1000
    assert not queue._lanes
    assert not queue._by_turn
    assert not queue._heads


DEMANDS = st.builds(
    Demand,
    st.sampled_from([0.1, 0.3, 1 / 3, 0.5, 1.0, 2.0, 7.9, 8.0]),
    st.sampled_from([0, 0, 1 * GB, 9 * GB, 16 * GB]),
    st.sampled_from(
        [
            (),
            *(
                tuple(GPURequest.parse(text) for text in texts.split())
                for texts in (
                    "1",
                    "a100",
                    "a100:4",
                    "a100:2",
                    "a100:0.5",
                    "a100:0.3",
                    "t4:0.25",
                    "t4:2",
                    "a100:4 t4:2",
                    "2",
                )
            ),
        ]
    ),
    volumes=st.sampled_from([(), (), (), ("vol_1",), ("vol_2",), ("vol_1", "vol_2")]),
    num_instances=st.sampled_from([1, 1, 1, 2, 3]),
    run_time=st.sampled_from([None, 60.0]),
    reservation=st.none(),
).filter(lambda demand: Pool(CAPACITY).feasible(demand) is not False)


class QueueAndPool(RuleBasedStateMachine):
    """Tasks come, start, end and go in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue, self.pool = TaskQueue(), Pool(CAPACITY)
        self.volumes = BlockVolumes(lambda _: True)
        self.priorities: dict[str, int] = {}
        self.held: dict[str, Placement] = {}
        self.count = 0

    @rule(demand=DEMANDS, priority=st.integers(-1, 1))
    def submit(self, demand: Demand, priority: int) -> None:
        assert self.pool.feasible(demand)
        self.count += 1
        task = f"{self.count:06}"
        self.queue.add(task, priority, demand)
        self.priorities[task] = priority

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.priorities:
            task = data.draw(st.sampled_from(sorted(self.priorities)))
            assert self.queue.remove(task)
            del self.priorities[task]

    @rule(data=st.data(), priority=st.integers(-1, 1))
    def reprioritize(self, data: st.DataObject, priority: int) -> None:
        if self.priorities:
            task = data.draw(st.sampled_from(sorted(self.priorities)))
            self.queue.reprioritize(task, priority)
            self.priorities[task] = priority

    @rule(most=st.integers(1, 5))
    def start(self, most: int) -> None:
        for task, placement in self.queue.start_what_fits(self.pool, self.volumes, most):
            del self.priorities[task]
            self.held[task] = placement

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if self.held:
            task = data.draw(st.sampled_from(sorted(self.held)))
            placement = self.held.pop(task)
            self.pool.give(placement)
            self.volumes.give(placement)

    @invariant()
    def nothing_is_given_twice(self) -> None:
        held = self.held.values()
        assert sum(each.cpus * each.num_instances for each in held) <= CAPACITY.cpus + 1e-4
        memory = sum(each.memory_bytes * each.num_instances for each in held)
        assert memory <= CAPACITY.memory_bytes
        for device in CAPACITY.devices:
            shares = [each.share * each.device_uuids.count(device.uuid) for each in held]
            assert sum(shares) <= 1 + 1e-4
        volumes = [each for placement in self.held.values() for each in placement.volumes]
        assert len(volumes) == len(set(volumes))

    @invariant()
    def positions_are_the_order(self) -> None:
        order = sorted(self.priorities, key=lambda task: (-self.priorities[task], task))
        assert [self.queue.position(task) for task in order] == list(range(1, len(order) + 1))
        assert len(self.queue) == len(order)

    def teardown(self) -> None:
        for placement in self.held.values():
            self.pool.give(placement)
        fresh = Pool(CAPACITY)
        assert self.pool._cpu_parts == fresh._cpu_parts
        assert self.pool.memory_bytes == fresh.memory_bytes
        assert self.pool.free_parts() == fresh.free_parts()


TestQueueAndPool = QueueAndPool.TestCase
TestQueueAndPool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@settings(max_examples=150, deadline=None)
@given(
    before=st.lists(DEMANDS, max_size=12),
    # While a task waits for a volume, others may take what it will need besides.
    first=DEMANDS.map(lambda demand: demand._replace(volumes=())),
    behind=st.lists(DEMANDS, min_size=1, max_size=40),
    ends=st.randoms(use_true_random=False),
)
def test_the_first_in_the_queue_starts_once_all_that_ran_has_ended(
    before: list[Demand], first: Demand, behind: list[Demand], ends: random.Random
) -> None:
    """However many tasks come behind it, and however well they fit."""
    queue, pool, volumes = TaskQueue(), Pool(CAPACITY), BlockVolumes(lambda _: True)
    for number, demand in enumerate(before):
        queue.add(f"a{number:03}", 0, demand)
    running = dict(queue.start_what_fits(pool, volumes, MANY))
    for task in [f"a{number:03}" for number in range(len(before))]:
        queue.remove(task)
    queue.add("b", 0, first)
    for number, demand in enumerate(behind):
        queue.add(f"c{number:03}", 0, demand)
    later = dict(queue.start_what_fits(pool, volumes, MANY))
    while running and "b" not in later:
        # Those that overtook it run on; only what ran before it ends.
        task = ends.choice(sorted(running))
        placement = running.pop(task)
        pool.give(placement)
        volumes.give(placement)
        later |= dict(queue.start_what_fits(pool, volumes, MANY))
    assert "b" in later


# Block volumes --------------------------------------------------------------------------------


def test_a_volume_is_held_by_one_task_at_a_time() -> None:
    queue, pool, volumes = TaskQueue(), Pool(CAPACITY), BlockVolumes(lambda _: True)
    for task in ("a", "b", "c"):
        queue.add(task, 0, with_volumes("vol_1", cpus=1 if task == "a" else 2))
    queue.add("d", 0, with_volumes("vol_2"))
    placements = dict(queue.start_what_fits(pool, volumes, MANY))
    assert list(placements) == ["a", "d"]
    assert [queue.position(task) for task in ("b", "c")] == [1, 2]
    pool.give(placements["d"])
    volumes.give(placements["d"])
    assert started(queue, pool, volumes=volumes) == []
    pool.give(placements["a"])
    volumes.give(placements["a"])
    assert started(queue, pool, volumes=volumes) == ["b"]


def test_who_waits_for_a_volume_keeps_nothing_else_from_others() -> None:
    queue, pool, volumes = TaskQueue(), Pool(CAPACITY), BlockVolumes(lambda _: True)
    queue.add("a", 0, with_volumes("vol_1"))
    queue.add("b", 0, with_volumes("vol_1", cpus=7, gpu="a100:4"))
    for number in range(3):
        queue.add(f"c{number}", 0, small(cpus=2, gpu="a100"))
    assert started(queue, pool, volumes=volumes) == ["a", "c0", "c1", "c2"]


def test_however_many_wait_for_volumes_others_are_reached() -> None:
    queue, pool, volumes = TaskQueue(), Pool(CAPACITY), BlockVolumes(lambda _: True)
    queue.add("a", 0, with_volumes("vol_1"))
    for number in range(1000):
        queue.add(f"b{number:04}", 0, with_volumes("vol_1", f"vol_{number:04}"))
    queue.add("c", 0, small())
    assert started(queue, pool, volumes=volumes) == ["a", "c"]


def test_who_is_ahead_gets_a_volume_first() -> None:
    queue, pool, volumes = TaskQueue(), Pool(CAPACITY), BlockVolumes(lambda _: True)
    queue.add("a", 0, small(cpus=6))
    placements = dict(queue.start_what_fits(pool, volumes, MANY))
    queue.add("b", 0, with_volumes("vol_1", "vol_2", cpus=4))
    queue.add("c", 0, with_volumes("vol_2"))
    queue.add("d", 0, with_volumes("vol_3"))
    # C would fit now, but B would then wait for its volume when its CPUs are free.
    assert started(queue, pool, volumes=volumes) == []
    pool.give(placements["a"])
    assert started(queue, pool, volumes=volumes) == ["b", "d"]
