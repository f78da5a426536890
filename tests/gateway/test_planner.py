"""What would be chosen for a task, and what stands against it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.placement import Pool
from flowkit_gateway.planner import Planner
from flowkit_gateway.problems import (
    InvalidGPURequest,
    InvalidRequest,
    NoCapacity,
    Problem,
    UnsupportedByEngine,
)
from flowkit_gateway.store.rows import Placement
from tests.gateway.controlled_engine import GB, ControlledEngine, Machine, gpus

CAPACITY = Capacity(8.0, 16 * GB, (*gpus(4, "a100", 80), *gpus(1, "t4", 16)))


@pytest.fixture
def engine() -> ControlledEngine:
    """An engine with four A100s and a T4."""
    return ControlledEngine(Machine(CAPACITY))


@pytest.fixture
def pool() -> Pool:
    """What is free of its resources."""
    return Pool(CAPACITY)


@pytest.fixture
def planner(engine: ControlledEngine, pool: Pool) -> Planner:
    """Its planner."""
    return Planner(engine, pool, Catalogue(pool), BlockVolumes(lambda _: False))


def task(**settings: object) -> dict[str, object]:
    """Return a task that runs Python."""
    return {"command": [sys.executable], **settings}


@pytest.mark.parametrize(
    ("settings", "problem", "loc"),
    [
        ({"gpu": ["a1000"]}, InvalidGPURequest, "/body/gpu/0"),
        ({"instance_type": "4xnothing"}, InvalidGPURequest, "/body/instance_type"),
        ({"gpu": ["a100:5"]}, NoCapacity, "/body/gpu"),
        ({"gpu": ["h100", "t4:2"]}, NoCapacity, "/body/gpu"),
        ({"instance_type": "8xa100"}, NoCapacity, "/body/instance_type"),
        ({"min_gpu_memory_gb": 81}, NoCapacity, "/body/gpu"),
        ({"cpus": 8.5}, NoCapacity, "/body/cpus"),
        ({"memory_gb": 17}, NoCapacity, "/body/memory_gb"),
        ({"region": "moon"}, NoCapacity, "/body/region"),
        ({"num_instances": 2}, UnsupportedByEngine, "/body/num_instances"),
        ({"working_dir": "/nowhere"}, InvalidRequest, "/body/working_dir"),
    ],
)
def test_what_can_never_run_is_refused_and_planned_as_infeasible(
    planner: Planner, settings: dict[str, object], problem: type[Problem], loc: str
) -> None:
    with pytest.raises(problem) as caught:
        planner.check(task(**settings))
    assert [detail.loc for detail in caught.value.details] == [loc]
    plan = planner.plan(task(**settings))
    assert plan["feasible"] is False
    assert any(check["outcome"] == "failed" for check in plan["checks"])  # type: ignore[attr-defined]  # a list


def test_an_engine_that_cannot_share_gpus_refuses_shares(
    engine: ControlledEngine, pool: Pool
) -> None:
    engine.fractional_gpus = False
    planner = Planner(engine, pool, Catalogue(pool), BlockVolumes(lambda _: False))
    with pytest.raises(UnsupportedByEngine) as caught:
        planner.check(task(gpu=["a100", "t4:0.5"]))
    assert [detail.loc for detail in caught.value.details] == ["/body/gpu/1"]
    assert planner.plan(task(gpu=["t4:0.5"]))["feasible"] is False
    assert planner.check(task(gpu=["a100"])).simulated is False


@pytest.mark.parametrize(
    ("settings", "loc", "message"),
    [
        (
            {"cpus": 3},
            "/body/cpus",
            "3 CPUs for each of 3 instances are asked for, but there are 8",
        ),
        (
            {"memory_gb": 6},
            "/body/memory_gb",
            "6 GB of memory for each of 3 instances are asked for, of 16.0 GB",
        ),
        (
            {"gpu": ["a100:2"]},
            "/body/num_instances",
            "there is no room for 3 instances of what is asked for",
        ),
    ],
)
def test_a_gang_is_told_what_there_is_too_little_of(
    engine: ControlledEngine, pool: Pool, settings: dict[str, object], loc: str, message: str
) -> None:
    engine.max_num_instances = 3
    planner = Planner(engine, pool, Catalogue(pool), BlockVolumes(lambda _: False))
    with pytest.raises(NoCapacity) as caught:
        planner.check(task(num_instances=3, **settings))
    assert [(detail.loc, detail.msg) for detail in caught.value.details] == [(loc, message)]


def test_a_gang_is_planned_by_what_each_instance_has(engine: ControlledEngine, pool: Pool) -> None:
    engine.max_num_instances = 2
    planner = Planner(engine, pool, Catalogue(pool), BlockVolumes(lambda _: False))
    plan = planner.plan(task(num_instances=2, gpu=["a100:2"]))
    assert (plan["feasible"], plan["starts_now"]) == (True, True)
    assert (plan["num_instances"], plan["instance_type"]) == (2, "2xa100-80gb")


def test_what_is_accepted_can_be_all_there_is(planner: Planner, tmp_path: Path) -> None:
    everything = task(cpus=8, memory_gb=16, gpu=["a100:4"], working_dir=str(tmp_path))
    assert planner.check(everything).demand.cpus == 8
    assert planner.plan(everything)["feasible"] is True


def test_a_plan_names_what_would_be_taken_now(planner: Planner, pool: Pool) -> None:
    wanted = task(gpu=["t4", "a100:2"])
    plan = planner.plan(wanted)
    assert (plan["gpu"], plan["instance_type"], plan["starts_now"]) == ("t4", "1xt4", True)
    pool.take(Placement(1, 0, ("t4-16-0",), (0,)))
    plan = planner.plan(wanted)
    assert (plan["gpu"], plan["instance_type"], plan["starts_now"]) == (
        "a100:2",
        "2xa100-80gb",
        True,
    )
    pool.take(Placement(1, 0, ("a100-80-0", "a100-80-1", "a100-80-2"), (0, 1, 2)))
    plan = planner.plan(wanted)
    assert (plan["gpu"], plan["instance_type"], plan["starts_now"]) == ("t4", "1xt4", False)


def test_a_plan_takes_nothing(planner: Planner, pool: Pool) -> None:
    for _ in range(10):
        assert planner.plan(task(gpu=["a100:4"], cpus=8))["starts_now"] is True
    assert pool.cpus == 8


def test_a_program_that_is_not_there_is_told_though_the_task_would_be_accepted(
    planner: Planner,
) -> None:
    """Submitting does not ask, as the program may come to be before the task starts."""
    missing = {"command": ["no-such-program"]}
    plan = planner.plan(missing)
    (check,) = [each for each in plan["checks"] if each["name"] == "command"]  # type: ignore[attr-defined]  # a list
    assert check["outcome"] == "failed"
    assert plan["feasible"] is True
    planner.check(missing)


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"command": ["tool"], "caller_env": {"PATH": "FOLDER"}}, "passed"),
        (
            {"command": ["tool"], "env": {"PATH": "/nowhere"}, "caller_env": {"PATH": "FOLDER"}},
            "failed",
        ),
        ({"command": ["./tool"], "working_dir": "FOLDER"}, "passed"),
        ({"command": ["./tool"]}, "unchecked"),
        ({"command": ["FOLDER/tool"]}, "passed"),
    ],
)
def test_the_program_is_looked_for_where_the_task_would_look(
    planner: Planner, tmp_path: Path, settings: dict[str, object], outcome: str
) -> None:
    tool = tmp_path / "tool"
    tool.touch(mode=0o755)

    def placed(value: object) -> object:
        if isinstance(value, dict):
            return {name: placed(each) for name, each in value.items()}
        if isinstance(value, list):
            return [placed(each) for each in value]
        return str(value).replace("FOLDER", str(tmp_path))

    document = {name: placed(value) for name, value in settings.items()}
    checks = planner.plan(document)["checks"]
    assert {"command": outcome}.items() <= {
        check["name"]: check["outcome"]
        for check in checks  # type: ignore[attr-defined]  # a list
    }.items()
