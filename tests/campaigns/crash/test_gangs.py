"""Gangs whose processes are killed: no node outlives its task, and nothing is lost."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator

import pytest

from flowkit import Flow, Task
from flowkit_gateway.engines.local import procfs
from tests.campaigns.crash.house import House
from tests.campaigns.form import seed, sized
from tests.conditions import eventually

NODES = 3


@pytest.fixture
def flow(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """A client of the house in this process."""
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    with Flow() as flow:
        yield flow


def up(task: Task) -> bool:
    """Say whether every node of a gang runs."""
    return all("up" in task.logs(node=node) for node in range(NODES))


def test_gangs_whose_processes_are_killed_at_any_moment(house: House, flow: Flow) -> None:
    """Leaders and supervisors look alike: of all that there are, some are killed at random."""
    chance = random.Random(seed())
    witness = house.home / "witness"
    outcomes = set()
    for number in range(sized(short=8, full=100)):
        command = f"echo {number}.$FLOWKIT_NODE_RANK >> {witness}; (setsid sleep 600 &); sleep 0.05"
        task = flow.submit(command, num_instances=NODES, cpus=0.1)
        threading.Event().wait(chance.uniform(0, 0.1))
        found = house.supervisors()
        procfs.end(chance.sample(found, min(len(found), chance.randint(1, 4))), (signal.SIGKILL,))
        task.wait(timeout=30)
        outcomes.add((str(task.status), str(task.reason)))
        # The gateway and its spawner, and neither nodes nor what they had started.
        eventually(lambda: len(house.processes()) == 2)
    assert outcomes <= {
        ("completed", "exited"),
        ("failed", "node_lost"),
        ("failed", "start_failed"),
    }
    written = witness.read_text().splitlines()
    assert len(written) == len(set(written))


def test_gangs_outlive_gateways_that_are_killed(house: House, flow: Flow) -> None:
    chance = random.Random(seed())
    go = house.home / "go"
    script = f"echo up; until [ -e {go} ]; do sleep 0.05; done; exit $FLOWKIT_NODE_RANK"
    count = sized(short=2, full=8)
    tasks = [flow.submit(script, num_instances=NODES, cpus=0.05) for _ in range(count)]
    for _ in range(sized(short=2, full=10)):
        threading.Event().wait(chance.uniform(0, 0.2))
        house.kill_gateways()
        for task in tasks:
            eventually(lambda task=task: up(task), within=30)  # type: ignore[misc]  # mypy#12557

    go.touch()

    for task in tasks:
        task.wait(timeout=30)
        assert (task.reason, task.attempt) == ("exited", 1), task.message
        assert task.exit_code in (1, 2)
        assert task.message == f"node {task.exit_code}: exited with {task.exit_code}"
    eventually(lambda: len(house.processes()) == 2)


def test_a_gang_killed_with_its_gateway_is_lost_and_gone(house: House, flow: Flow) -> None:
    task = flow.submit("echo up; (setsid sleep 600 &); sleep 600", num_instances=NODES, cpus=0.1)
    eventually(lambda: up(task))
    house.kill_gateways()
    # The spawner of a killed gateway looks like a supervisor, until it has ended too.
    eventually(lambda: len(house.supervisors()) == NODES + 1)
    procfs.end(house.supervisors(), (signal.SIGKILL,))

    task.wait(timeout=30)

    assert (task.status, task.reason) == ("failed", "node_lost")
    eventually(lambda: len(house.processes()) == 2)
