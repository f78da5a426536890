"""The storm: clients submit while the gateway is killed again and again, at random moments."""

from __future__ import annotations

import json
import logging
import os
import random
import sqlite3
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flowkit import embedded
from flowkit_gateway.engines.local import claim, outcome
from tests.campaigns.crash.house import House, descriptors
from tests.campaigns.crash.submitter import Planned
from tests.campaigns.form import seed, sized
from tests.conditions import eventually

log = logging.getLogger(__name__)

TASKS = 200
CLIENTS = 4
KILLS = sized(short=10, full=100)
LASTING = sized(short=12.0, full=110.0)
"""Seconds over which the submits are spread."""
SUBMITTER = Path(__file__).with_name("submitter.py")


def plan(chance: random.Random, witness: Path) -> list[Planned]:
    """Make up tasks of 5 ms to 3 s, each with an output and an exit code of its own."""
    tasks: list[Planned] = []
    for number in range(TASKS):
        seconds = min(3.0, 0.005 * 1.035 ** chance.uniform(0, 200))
        exit_code = chance.choice([0, 0, 0, 1, 3, 42, 255])
        lines = chance.choice([0, 1, 10, 100, 20_000])
        # In two halves, so that a log is cut by a death of the gateway.
        command = (
            f"echo start {number} >> {witness}; "
            f"seq -f {number}:%.0f {lines}; seq -f {number}!%.0f {lines} >&2; "
            f"sleep {seconds:.3f}; "
            f"seq -f {number}:%.0f {lines}; printf {number}; "
            f"echo end {number} >> {witness}; exit {exit_code}"
        )
        half = "".join(f"{number}:{line}\n" for line in range(1, lines + 1))
        tasks.append(
            {
                "number": number,
                "key": f"storm-{number}",
                "command": command,
                "after": chance.uniform(0, LASTING),
                "exit_code": exit_code,
                "stdout": f"{half}{half}{number}",
                "stderr": half.replace(":", "!"),
            }
        )
    return tasks


def start_clients(house: House, tasks: list[Planned]) -> list[subprocess.Popen[bytes]]:
    clients = []
    for client in range(CLIENTS):
        mine = sorted(tasks[client::CLIENTS], key=lambda task: task["after"])
        path = house.home / f"plan-{client}.json"
        path.write_text(json.dumps(mine))
        # A file, not a pipe that fills up: nobody reads it meanwhile.
        clients.append(house.python(SUBMITTER, path, house.home / f"report-{client}.jsonl"))
    return clients


def storm(house: House, chance: random.Random) -> int:
    """Kill the gateway at random moments; return how many of the kills hit one that listened."""
    listening = kills = 0
    never = threading.Event()
    while kills < KILLS:
        # From a moment when it has hardly begun to start to one when it has long been at work.
        never.wait(chance.choice([0.05, 0.3, 1.0, 2.0]) * chance.uniform(0.0, 1.0))
        listened = embedded.status(house.data_dir) is not None
        if house.kill_gateways():
            kills += 1
            listening += listened
        if chance.random() < 0.3:
            # Else it is the clients who start it anew.
            house.flowkit("gateway", "start")
    return listening


def reports(house: House) -> list[dict[str, Any]]:
    lines: list[str] = []
    for client in range(CLIENTS):
        lines += (house.home / f"report-{client}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.timeout(sized(short=120, full=900))
def test_two_hundred_tasks_through_kills_of_the_gateway(house: House) -> None:
    chance = random.Random(seed())
    witness = house.home / "witness"
    tasks = plan(chance, witness)
    clients = start_clients(house, tasks)

    listening = storm(house, chance)
    for client in clients:
        output, _ = client.communicate(timeout=sized(short=100, full=600))
        assert client.returncode == 0, output.decode()

    facts = reports(house)
    failed = Counter(fact["error"].splitlines()[0] for fact in facts if "failed" in fact)
    log.info("%d kills, %d of them while it listened", KILLS, listening)
    log.info("%d tasks; calls that had to be made again: %s", TASKS, dict(failed))
    assert_acknowledged_once(facts)
    assert_ran_once(witness)
    assert_true_outcomes(facts, tasks)
    assert_nothing_is_left(house)


def assert_acknowledged_once(facts: list[dict[str, Any]]) -> None:
    acknowledged = [fact for fact in facts if "acknowledged" in fact]
    assert sorted(fact["acknowledged"] for fact in acknowledged) == list(range(TASKS))
    assert len({fact["task"] for fact in acknowledged}) == TASKS


def assert_ran_once(witness: Path) -> None:
    seen = Counter(witness.read_text().splitlines())
    assert seen == Counter(f"{what} {n}" for what in ("start", "end") for n in range(TASKS))


def assert_true_outcomes(facts: list[dict[str, Any]], tasks: list[Planned]) -> None:
    ended = {fact["ended"]: fact for fact in facts if "ended" in fact}
    for task in tasks:
        fact = ended.pop(task["number"])
        assert fact["exit_code"] == task["exit_code"], fact
        assert fact["reason"] == "exited", fact
        assert fact["status"] == ("failed" if task["exit_code"] else "completed"), fact
        assert fact["followed_whole"], fact
        assert fact["read_whole"], fact
    assert not ended


def assert_nothing_is_left(house: House) -> None:
    assert_rows_are_whole(house)
    assert_attempts_are_whole(house)
    assert_gateway_holds_nothing(house)
    stopped = house.flowkit("gateway", "stop")
    assert stopped.returncode == 0, stopped
    house.assert_deserted()
    assert embedded.status(house.data_dir) is None
    files = {path.name for path in house.data_dir.iterdir()}
    kept = {"flowkit.db", "gateway.lock", "gateway.log", "start.lock", "tasks", "volumes"}
    assert files <= kept
    assert not list(house.data_dir.glob("volumes/*"))


def assert_rows_are_whole(house: House) -> None:
    with sqlite3.connect(house.data_dir / "flowkit.db") as database:
        (tasks,) = database.execute("SELECT count(*) FROM tasks").fetchone()
        (ended,) = database.execute("SELECT count(*) FROM tasks WHERE finished_at").fetchone()
        (events, newest) = database.execute("SELECT count(*), max(number) FROM events").fetchone()
        (check,) = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    assert (tasks, ended, check) == (TASKS, TASKS, "ok")
    assert events == newest


def assert_attempts_are_whole(house: House) -> None:
    for attempts in (house.data_dir / "tasks").iterdir():
        *void, last = sorted(attempts.iterdir(), key=lambda path: int(path.name))
        for attempt in void:
            found = claim.read(str(attempt))
            assert found is not None
            assert found.void
            assert os.listdir(attempt) == ["claim"]
        assert outcome.read(str(last)) is not None
        files = {path.name for path in last.iterdir()}
        assert files <= {"claim", "exit", "stdout", "stderr", "index", "workspace"}


def assert_gateway_holds_nothing(house: House) -> None:
    """After a round of tasks the gateway has open what it had open before."""
    record = house.start()
    before = descriptors(record.pid)
    for _ in range(3):
        assert house.flowkit("run", "--", "true").returncode == 0

    def same() -> bool:
        now = descriptors(record.pid)
        return sorted(now.values()) == sorted(before.values()) or len(now) <= len(before)

    eventually(same, within=5)
