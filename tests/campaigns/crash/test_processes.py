"""Processes of a running system that are killed, stopped, or mistaken for others."""

from __future__ import annotations

import json
import os
import random
import resource
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from flowkit import APIConnectionError, Flow, Task, TaskStatus
from flowkit_gateway.engines.local import claim, procfs
from tests.campaigns.crash.house import House, descriptors
from tests.campaigns.form import seed, sized
from tests.conditions import eventually


@pytest.fixture
def flow(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """A client of the house in this process."""
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    with Flow() as flow:
        yield flow


def written(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_killed_supervisor_is_a_lost_node(house: House, flow: Flow) -> None:
    task = flow.submit("sleep 600 & (setsid sleep 600 &) ; echo up; sleep 600", cpus=0.1)
    eventually(lambda: "up" in task.logs())
    [supervisor] = house.supervisors()

    assert procfs.send_signal(supervisor, signal.SIGKILL)

    task.wait(timeout=20)
    assert (task.status, task.reason, task.exit_code) == ("failed", "node_lost", None)
    assert "supervisor was killed" in (task.message or "")
    assert task.logs() == "up\n"
    eventually(lambda: len(house.processes()) == 2)  # the gateway and its spawner


def test_supervisors_killed_while_no_gateway_watches(house: House, flow: Flow) -> None:
    count = sized(short=5, full=40)
    tasks = flow.tasks.create_many([{"command": "echo up; sleep 600", "cpus": 0.01}] * count)
    for task in tasks:
        eventually(lambda task=task: task.logs() == "up\n")  # type: ignore[misc]  # mypy#12557
    house.kill_gateways()
    procfs.end(house.supervisors(), (signal.SIGKILL,))

    for task in tasks:
        task.wait(timeout=30)
        assert (task.status, task.reason) == ("failed", "node_lost")
    eventually(lambda: len(house.processes()) == 2)


def test_a_supervisor_killed_at_any_moment_leaves_one_truth(house: House, flow: Flow) -> None:
    """Whether it had finished or not: the task ends, once, and no process stays."""
    chance = random.Random(seed())
    witness = house.home / "witness"
    outcomes = set()
    for number in range(sized(short=12, full=150)):
        command = f"echo {number} >> {witness}; (sleep 600 &); echo done"
        task = flow.submit(command, cpus=0.1)
        threading.Event().wait(chance.uniform(0, 0.02))
        procfs.end(house.supervisors(), (signal.SIGKILL,))
        task.wait(timeout=20)
        outcomes.add((str(task.status), str(task.reason)))
    assert outcomes <= {
        ("completed", "exited"),
        ("failed", "node_lost"),
        ("failed", "start_failed"),
    }
    numbers = written(witness)
    assert len(numbers) == len(set(numbers))
    eventually(lambda: len(house.processes()) == 2)


def test_killed_spawners_cost_nothing(house: House, flow: Flow) -> None:
    count = sized(short=60, full=600)
    witness = house.home / "witness"
    over = threading.Event()

    def kill_spawners() -> None:
        chance = random.Random(seed())
        # Rarely enough that no task meets three of them: that would be given up, as it should.
        while not over.wait(chance.uniform(0.3, 0.8)):
            procfs.end(house.spawners(), (signal.SIGKILL,))

    flow.server()
    killer = threading.Thread(target=kill_spawners)
    killer.start()
    try:
        tasks = [
            flow.submit(f"echo {number} >> {witness}; exit {number % 7}", cpus=0.1)
            for number in range(count)
        ]
        for number, task in enumerate(tasks):
            task.wait(timeout=60)
            assert (task.reason, task.exit_code) == ("exited", number % 7), task.message
    finally:
        over.set()
        killer.join()
    assert sorted(map(int, written(witness))) == list(range(count))
    eventually(lambda: len(house.processes()) == 2)


def test_a_client_that_dies_while_it_submits_can_be_repeated(house: House, flow: Flow) -> None:
    chance = random.Random(seed())
    witness = house.home / "witness"
    flow.server()
    rounds = sized(short=8, full=60)
    script = (
        "import sys; from flowkit import Flow; flow = Flow(); flow.server(); print(flush=True);"
        "flow.tasks.create(sys.argv[2], cpus=0.1, idempotency_key=sys.argv[1])"
    )
    for number in range(rounds):
        arguments = (f"key-{number}", f"echo {number} >> {witness}")
        with house.python("-c", script, *arguments) as client:
            assert client.stdout is not None
            client.stdout.readline()
            threading.Event().wait(chance.uniform(0, 0.03))
            client.kill()
        with house.python("-c", script, *arguments) as client:
            assert client.wait(timeout=60) == 0
    for task in flow.tasks.list():
        task.wait(timeout=30)

    assert len(list(flow.tasks.list())) == rounds
    assert sorted(map(int, written(witness))) == list(range(rounds))


def test_an_intent_whose_gateway_died_before_the_spawn_runs_once(house: House, flow: Flow) -> None:
    """The row says `starting`, and no supervisor ever heard of it."""
    record = house.start()
    [spawner] = house.spawners()
    procfs.send_signal(spawner, signal.SIGSTOP)
    witness = house.home / "witness"
    task = flow.submit(f"echo ran >> {witness}", cpus=0.1)
    eventually(lambda: flow.tasks.get(task).status == TaskStatus.STARTING)

    os.kill(record.pid, signal.SIGKILL)
    # Now it is woken, too late: it has the request, and nobody waits for the answer.
    house.start()
    procfs.send_signal(spawner, signal.SIGCONT)

    task.wait(timeout=30)
    assert (task.status, task.exit_code) == ("completed", 0)
    assert written(witness) == ["ran"]
    assert claim.read(str(house.data_dir / "tasks" / task.id / "1")) == claim.Claim(0, 0, "")
    eventually(lambda: not procfs.alive(spawner.pid, spawner.start_time))
    types = [event.type for event in flow.events(task_id=task.id)]
    assert sorted(types).count("task.starting") == 2


def forge(house: House, task_id: str, **changes: object) -> None:
    """Change what a claim says, as an accident would."""
    path = house.data_dir / "tasks" / task_id / "1" / "claim"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_claim_whose_pid_belongs_to_another_process_now(house: House, flow: Flow) -> None:
    task = flow.submit("echo up; sleep 600", cpus=0.1)
    eventually(lambda: task.logs() == "up\n")
    house.kill_gateways()
    procfs.end(house.supervisors(), (signal.SIGKILL,))
    with subprocess.Popen(["sleep", "600"]) as stranger:
        forge(house, task.id, pid=stranger.pid)

        task.wait(timeout=30)

        assert (task.status, task.reason) == ("failed", "node_lost")
        assert stranger.poll() is None
        stranger.kill()
    eventually(lambda: len(house.processes()) == 2)


def test_after_a_restart_of_the_machine(house: House, flow: Flow) -> None:
    """What ran is lost, what waited runs, and a process with an old one's pid is left alone."""
    running = flow.submit("echo up; sleep 600", cpus=os.cpu_count())
    queued = flow.submit("echo later", cpus=os.cpu_count())
    eventually(lambda: running.logs() == "up\n")
    house.end()
    forge(house, running.id, boot_id="00000000-0000-0000-0000-000000000000", pid=os.getpid())

    queued.wait(timeout=30)
    running.wait(timeout=30)

    assert (running.status, running.reason) == ("failed", "node_lost")
    assert running.message == "the machine was restarted"
    assert (queued.status, queued.logs()) == ("completed", "later\n")


def test_a_stopped_gateway_goes_on_where_it_was(house: House, flow: Flow) -> None:
    record = house.start()
    witness = house.home / "witness"
    before = flow.submit(f"sleep 0.5; echo before >> {witness}; echo out; exit 3", cpus=0.1)
    before.wait(until="running")
    os.kill(record.pid, signal.SIGSTOP)
    submit = f"from flowkit import Flow; Flow().submit('echo meanwhile >> {witness}', cpus=0.1)"
    with house.python("-c", submit) as client:
        eventually(lambda: written(witness) == ["before"])
        assert client.poll() is None
        os.kill(record.pid, signal.SIGCONT)
        assert client.wait(timeout=30) == 0

    before.wait(timeout=20)
    assert (before.exit_code, before.logs()) == (3, "out\n")
    eventually(lambda: written(witness) == ["before", "meanwhile"])
    assert house.start() == record


def test_a_stopped_supervisor_goes_on_where_it_was(house: House, flow: Flow) -> None:
    task = flow.submit("echo one; sleep 0.2; echo two; exit 4", cpus=0.1, max_run_time=3600)
    eventually(lambda: task.logs() == "one\n")
    [supervisor] = house.supervisors()
    procfs.send_signal(supervisor, signal.SIGSTOP)
    house.kill_gateways()
    other = flow.submit("echo other", cpus=0.1).wait(timeout=30)
    assert other.exit_code == 0
    assert flow.tasks.get(task).status == "running"

    procfs.send_signal(supervisor, signal.SIGCONT)

    task.wait(timeout=20)
    assert (task.exit_code, task.logs()) == (4, "one\ntwo\n")


def test_a_gateway_that_a_task_started_outlives_the_task(house: House, flow: Flow) -> None:
    """A task that submits others may be the one whose client starts the gateway anew."""
    killed, go = house.home / "killed", house.home / "go"
    inner = f"echo inner; until [ -e {go} ]; do sleep 0.05; done; exit 5"
    submit = f"{sys.executable} -m flowkit submit --cpus 0.1 --name inner {shlex.quote(inner)}"
    home = {
        "FLOWKIT_HOME": str(house.home),
        "LD_LIBRARY_PATH": house.environment["LD_LIBRARY_PATH"],
    }
    outer = flow.submit(
        f"echo up; until [ -e {killed} ]; do sleep 0.05; done; {submit}", cpus=0.1, env=home
    )
    eventually(lambda: outer.logs() == "up\n")
    house.kill_gateways()
    killed.touch()
    eventually(lambda: len(list((house.data_dir / "tasks").glob("*/1/stdout"))) == 2, within=30)
    [gateway] = house.gateways()

    outer.wait(timeout=30)

    assert (outer.status, outer.exit_code) == ("completed", 0)
    assert procfs.alive(gateway.pid, gateway.start_time)
    go.touch()
    [task] = flow.tasks.list(name="inner")
    assert task.wait(timeout=20).exit_code == 5


def test_a_gateway_out_of_descriptors_recovers(house: House, flow: Flow) -> None:
    """Meanwhile it cannot start a spawner in place of one that was killed, nor answer anybody."""
    witness = house.home / "witness"
    record = house.start()
    running = flow.submit("echo up; sleep 1; exit 6", cpus=0.1)
    eventually(lambda: running.logs() == "up\n")
    limits = resource.prlimit(record.pid, resource.RLIMIT_NOFILE)
    try:
        used = len(descriptors(record.pid))
        resource.prlimit(record.pid, resource.RLIMIT_NOFILE, (used, limits[1]))
        procfs.end(house.spawners(), (signal.SIGKILL,))
        # This connection exists already; what it asks for cannot be started now.
        meanwhile = flow.submit(f"echo meanwhile >> {witness}; exit 7", cpus=0.1)
        eventually(lambda: b"spawner" in (house.data_dir / "gateway.log").read_bytes())
        with house.python("-c", "from flowkit import Flow; Flow(max_retries=0).server()") as other:
            threading.Event().wait(1.0)
            other.kill()
    finally:
        resource.prlimit(record.pid, resource.RLIMIT_NOFILE, limits)

    after = flow.submit(f"echo after >> {witness}; exit 8", cpus=0.1)

    assert after.wait(timeout=30).exit_code == 8
    assert running.wait(timeout=30).exit_code == 6
    assert meanwhile.wait(timeout=30).exit_code == 7, meanwhile.message
    assert sorted(written(witness)) == ["after", "meanwhile"]
    assert house.start() == record


def test_a_cancel_that_was_acknowledged_survives_the_gateway(house: House, flow: Flow) -> None:
    chance = random.Random(seed())
    for _ in range(sized(short=3, full=25)):
        tasks = [flow.submit("sleep 600 & sleep 600", cpus=0.1) for _ in range(2)]
        tasks.append(flow.submit("sleep 600", cpus=os.cpu_count()))
        threading.Event().wait(chance.uniform(0, 0.05))
        for task in tasks:
            task.cancel()
        house.kill_gateways()

        for task in tasks:
            task.wait(timeout=30)
            assert (task.status, task.reason) == ("cancelled", "cancelled"), task.message
    eventually(lambda: len(house.processes()) == 2)


def test_a_batch_is_created_whole_or_not_at_all(house: House, flow: Flow) -> None:
    chance = random.Random(seed())
    witness = house.home / "witness"
    size, rounds = 50, sized(short=3, full=20)
    for batch in range(rounds):
        flow.server()
        commands = [f"echo {batch}-{number} >> {witness}" for number in range(size)]
        bodies: list[Mapping[str, object]] = [
            {"command": command, "cpus": 0.02} for command in commands
        ]
        killer = threading.Timer(chance.uniform(0, 0.06), house.kill_gateways)
        killer.start()
        create = partial(flow.tasks.create_many, bodies, idempotency_key=f"batch-{batch}")
        tasks = eventually(partial(unless_unreachable, create), within=60)
        killer.join()
        assert len(tasks) == size
        for task in tasks:
            assert task.wait(timeout=30).exit_code == 0
    assert len(list(flow.tasks.list())) == size * rounds
    seen = written(witness)
    assert len(seen) == len(set(seen)) == size * rounds


def unless_unreachable(call: Callable[[], list[Task]]) -> list[Task]:
    try:
        return call()
    except APIConnectionError:
        return []


def test_a_delete_that_is_cut_short_can_be_repeated(house: House, flow: Flow) -> None:
    chance = random.Random(seed())
    for _ in range(sized(short=4, full=40)):
        tasks = flow.tasks.create_many([{"command": "echo x", "cpus": 0.1}] * 4)
        for task in tasks:
            task.wait(timeout=30)
        killer = threading.Timer(chance.uniform(0, 0.03), house.kill_gateways)
        killer.start()
        for task in tasks:
            flow.tasks.delete(task)
        killer.join()
        assert list(flow.tasks.list()) == []
        assert list((house.data_dir / "tasks").iterdir()) == []
