"""Who fits where, and that whatever is taken can be given back whole."""

from __future__ import annotations

import pytest

from flowkit.instances import Offer
from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.placement import Demand, Pool, Promised, demand_of
from flowkit_gateway.problems import InvalidGPURequest
from flowkit_gateway.store.rows import Placement
from tests.gateway.controlled_engine import GB, gpus

OFFERS = [Offer("a100", 80, 4), Offer("a100", 40, 4), Offer("t4", 16, 1)]


def demand(cpus: float = 1.0, memory_gb: float = 0.0, gpu: str | list[str] | None = None) -> Demand:
    """Return a demand as a submitted task would have it."""
    requests = [gpu] if isinstance(gpu, str) else gpu or []
    return demand_of({"cpus": cpus, "memory_gb": memory_gb, "gpu": requests}, OFFERS)


def mixed_pool() -> Pool:
    """Return 16 CPUs, 64 GB, four A100-80GB, four A100-40GB and a T4."""
    devices = (*gpus(4, "a100", 80), *gpus(4, "a100", 40), *gpus(1, "t4", 16))
    return Pool(Capacity(16, 64 * GB, devices))


def take(pool: Pool, wanted: Demand) -> Placement:
    """Take what a demand fits into."""
    placement = pool.choose(wanted, Promised())
    assert placement is not None
    pool.take(placement)
    return placement


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "1 cpus, 0 bytes, "),
        ({"cpus": 0.5, "memory_gb": 1.5}, "0.5 cpus, 1500000000 bytes, "),
        ({"gpu": ["a100:2", "t4"]}, "1 cpus, 0 bytes, a100:2 t4"),
        ({"instance_type": "2xa100-40gb"}, "1 cpus, 0 bytes, a100-40gb:2"),
        ({"instance_type": "4xa100"}, "1 cpus, 0 bytes, a100-80gb:4"),
        ({"instance_type": "8xcpu"}, "8 cpus, 0 bytes, "),
        ({"instance_type": "8xcpu", "cpus": 2}, "2 cpus, 0 bytes, "),
        ({"instance_type": "1xt4", "gpu": ["a100"]}, "1 cpus, 0 bytes, t4-16gb"),
        ({"min_gpu_memory_gb": 40}, "1 cpus, 0 bytes, gpu:40gb+"),
        ({"min_gpu_memory_gb": 40, "gpu": ["a100:2"]}, "1 cpus, 0 bytes, a100:40gb+:2"),
        ({"min_gpu_memory_gb": 20, "gpu": ["gpu:40gb+"]}, "1 cpus, 0 bytes, gpu:40gb+"),
        ({"min_gpu_memory_gb": 5e-324}, "1 cpus, 0 bytes, gpu:0.0009765625gb+"),
    ],
)
def test_what_a_task_needs(settings: dict[str, object], expected: str) -> None:
    needed = demand_of(settings, OFFERS)
    requests = " ".join(map(str, needed.gpus))
    assert f"{needed.cpus:g} cpus, {needed.memory_bytes} bytes, {requests}" == expected


@pytest.mark.parametrize(
    ("settings", "loc"),
    [
        ({"gpu": ["a100", "a1000"]}, "/body/tasks/3/gpu/1"),
        ({"instance_type": "4xnothing"}, "/body/tasks/3/instance_type"),
        ({"gpu": ["t4"], "min_gpu_memory_gb": 80}, "/body/tasks/3/min_gpu_memory_gb"),
    ],
)
def test_a_request_outside_the_grammar_is_pointed_at(settings: dict[str, object], loc: str) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        demand_of(settings, OFFERS, "/body/tasks/3")
    assert [detail.loc for detail in caught.value.details] == [loc]
    assert "of type" not in caught.value.detail


def test_any_gpu_is_the_smallest_one() -> None:
    pool = mixed_pool()
    assert take(pool, demand(gpu="1")).device_uuids == ("t4-16-0",)
    assert take(pool, demand(gpu="1")).device_uuids == ("a100-40-0",)


def test_alternatives_are_tried_in_order() -> None:
    pool = mixed_pool()
    wanted = demand(gpu=["t4", "a100-80gb:4"])
    assert take(pool, wanted).device_uuids == ("t4-16-0",)
    assert len(take(pool, wanted).device_uuids) == 4
    assert pool.choose(wanted, Promised()) is None


def test_gpus_of_one_placement_are_alike() -> None:
    pool = mixed_pool()
    take(pool, demand(gpu="a100-40gb:2"))
    take(pool, demand(gpu="a100-80gb:2"))
    assert pool.choose(demand(gpu="a100:3"), Promised()) is None
    assert pool.feasible(demand(gpu="a100:5")) is False


def test_shares_fill_one_gpu_before_the_next() -> None:
    pool = mixed_pool()
    halves = [take(pool, demand(cpus=0.1, gpu="a100-40gb:0.5")) for _ in range(3)]
    assert [half.device_uuids[0][-1] for half in halves] == ["0", "0", "1"]
    quarter = take(pool, demand(cpus=0.1, gpu="a100-40gb:0.25"))
    assert quarter.device_uuids == halves[2].device_uuids
    # Two whole ones are left, and 0.25 of one.
    take(pool, demand(gpu="a100-40gb:2"))
    assert pool.choose(demand(gpu="a100-40gb"), Promised()) is None
    assert pool.choose(demand(gpu="a100-40gb:0.5"), Promised()) is None
    take(pool, demand(gpu="a100-40gb:0.25"))


def gang(instances: int, cpus: float = 1.0, memory_gb: float = 0.0, gpu: str = "") -> Demand:
    """Return the demand of a task of several instances."""
    return demand(cpus, memory_gb, gpu or None)._replace(num_instances=instances)


def test_a_gang_holds_what_all_of_its_instances_need() -> None:
    pool = mixed_pool()
    placement = take(pool, gang(2, cpus=4, memory_gb=8, gpu="a100-80gb:2"))
    assert placement.device_uuids == ("a100-80-0", "a100-80-1", "a100-80-2", "a100-80-3")
    assert (pool.cpus, pool.memory_bytes) == (8, 48 * GB)
    assert pool.choose(demand(gpu="a100-80gb"), Promised()) is None
    pool.give(placement)
    assert (pool.cpus, pool.memory_bytes) == (16, 64 * GB)
    take(pool, demand(gpu="a100-80gb:4"))


def test_instances_of_a_gang_may_share_a_gpu() -> None:
    pool = mixed_pool()
    take(pool, demand(cpus=0.1, gpu="a100-40gb:0.75"))
    placement = take(pool, gang(3, gpu="a100-40gb:0.5"))
    assert placement.device_uuids == ("a100-40-1", "a100-40-1", "a100-40-2")
    # Half of the second one is left, and one that is whole.
    assert len(take(pool, gang(3, gpu="a100-40gb:0.5")).device_uuids) == 3
    assert pool.choose(demand(gpu="a100-40gb:0.5"), Promised()) is None


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        (gang(4, cpus=4, memory_gb=16, gpu="a100:1"), None),
        (gang(4, cpus=4.1), "cpus"),
        (gang(4, memory_gb=16.1), "memory_gb"),
    ],
)
def test_a_gang_must_fit_as_a_whole(wanted: Demand, lacking: str | None) -> None:
    pool = mixed_pool()
    capacity = pool.capacity._replace(memory_bytes=64_000_000_000)
    assert Pool(capacity).lacking(wanted) == lacking
    assert bool(Pool(capacity).feasible(wanted)) == (lacking is None)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (gang(2, gpu="a100:2"), True),
        (gang(3, gpu="a100:2"), False),
        (gang(8, gpu="a100:0.5"), True),
        (gang(9, gpu="a100:0.5"), False),
        (gang(4, gpu="a100:0.7"), True),
        (gang(5, gpu="a100:0.7"), False),
    ],
)
def test_a_gang_has_gpus_that_are_alike(wanted: Demand, fits: bool) -> None:
    assert bool(mixed_pool().feasible(wanted)) == fits


@pytest.mark.parametrize(
    ("cpus", "instances", "each"), [(16, 4, 1.0), (2, 8, 0.25), (0.3, 3, 0.1), (2, 3, 0.666666)]
)
def test_instances_beyond_the_cpus_have_equal_parts_of_them(
    cpus: float, instances: int, each: float
) -> None:
    pool = Pool(Capacity(cpus, 0, ()))
    assert pool.default_cpus(instances) == each
    take(pool, gang(instances, cpus=each))


@pytest.mark.parametrize(("share", "count"), [(0.1, 10), (0.2, 5), (1 / 3, 3), (0.3, 3)])
def test_shares_add_up(share: float, count: int) -> None:
    pool = Pool(Capacity(count * 0.1, 0, gpus(1)))
    for _ in range(count):
        take(pool, Demand(0.1, 0, demand(gpu=f"a100:{share}").gpus))
    assert pool.choose(Demand(0.1, 0, ()), Promised()) is None


def test_what_was_given_back_fits_again_however_often() -> None:
    """Floats would drift: 0.1 taken and given back often enough leaves less than there was."""
    pool = Pool(Capacity(4.0, 8 * GB, gpus(1)))
    held = []
    for number in range(10_000):
        held.append(take(pool, demand(cpus=(0.1, 0.7, 1 / 3)[number % 3], gpu="a100:0.1")))
        if len(held) == 5:
            pool.give(held.pop(number % 5))
    for placement in held:
        pool.give(placement)
    whole = take(pool, demand(cpus=4.0, memory_gb=8, gpu="a100"))
    pool.give(whole)
    assert (pool.cpus, pool.memory_bytes) == (4.0, 8 * GB)


def test_a_share_too_small_to_count_still_counts() -> None:
    pool = Pool(Capacity(1.0, 0, ()))
    take(pool, demand(cpus=1e-9))
    assert pool.choose(demand(cpus=1.0), Promised()) is None


def test_a_device_that_left_the_machine_is_given_back_without_trouble() -> None:
    pool = Pool(Capacity(4.0, 0, gpus(1)))
    placement = Placement(8.0, 0, ("gone",), (7,))
    pool.take(placement)
    assert pool.cpus == -4.0
    assert pool.exhausted(Promised())
    pool.give(placement)
    assert pool.cpus == 4.0


def test_whatever_does_not_fit_is_promised_all_it_needs() -> None:
    pool = Pool(Capacity(4.0, 8 * GB, gpus(2)))
    take(pool, demand(gpu="a100"))
    promised = Promised()
    assert pool.choose(demand(cpus=2, memory_gb=6, gpu="a100:2"), promised) is None
    assert pool.choose(demand(gpu="a100"), promised) is None
    assert pool.choose(demand(memory_gb=3), promised) is None
    assert pool.choose(demand(cpus=2), Promised()) is not None


def test_what_it_does_not_need_stays_open_to_others() -> None:
    pool = Pool(Capacity(8.0, 8 * GB, (*gpus(1), *gpus(1, "t4", 16))))
    take(pool, demand(gpu="a100"))
    promised = Promised()
    assert pool.choose(demand(cpus=2, memory_gb=2, gpu="a100"), promised) is None
    assert pool.choose(demand(cpus=1, gpu="t4"), promised) is not None
    assert pool.choose(demand(cpus=5, memory_gb=6), promised) is not None


def test_of_those_that_wait_for_the_same_gpus_only_the_first_keeps_cpus_free() -> None:
    pool = Pool(Capacity(8.0, 0, gpus(1)))
    take(pool, demand(gpu="a100"))
    promised = Promised()
    for _ in range(20):
        assert pool.choose(demand(cpus=2, gpu="a100"), promised) is None
    assert pool.choose(demand(cpus=5), promised) is not None


def test_gpus_that_are_free_are_kept_for_who_waits_for_memory() -> None:
    pool = Pool(Capacity(8.0, 8 * GB, gpus(2)))
    take(pool, demand(memory_gb=8))
    promised = Promised()
    assert pool.choose(demand(memory_gb=4, gpu="a100"), promised) is None
    second = pool.choose(demand(gpu="a100"), promised)
    assert second is not None
    assert second.device_uuids == ("a100-80-1",)
    pool.take(second)
    assert pool.choose(demand(gpu="a100"), promised) is None
