"""Three gateways under load: one is killed, one is stopped for longer than its lease."""

from __future__ import annotations

import fcntl
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from operator import methodcaller
from pathlib import Path

import httpx
import pytest
from postgres_server import PostgresServer

from tests.campaigns.form import sized
from tests.conditions import eventually
from tests.gateway.replicas.fleet import Fleet

TASKS = sized(short=30, full=400)
CLIENTS = 4
WITHIN = sized(short=100.0, full=600.0)
LIFE = ["task.created", "task.starting", "task.running", "task.completed"]


@pytest.fixture
def fleet(tmp_path: Path, postgres: PostgresServer, postgres_url: str) -> Iterator[Fleet]:
    """Three gateways that run real processes."""
    fleet = Fleet(tmp_path, postgres_url, 3, "--engine", "local")
    try:
        yield fleet.start()
    finally:
        fleet.kill()


class Load:
    """Clients that submit tasks to all gateways, one task once, until they have their answers."""

    def __init__(self, fleet: Fleet, script: Callable[[int], str]) -> None:
        self.ids: dict[int, str] = {}
        self._fleet = fleet
        self._script = script
        self._numbers = count()
        self._goal = 0
        self._lock = threading.Lock()

    def submit(self, goal: int) -> None:
        """Submit until there are so many tasks."""
        self._goal = goal
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(self._submit) for _ in range(CLIENTS)]:
                done.result()

    def _submit(self) -> None:
        while True:
            with self._lock:
                if len(self.ids) >= self._goal:
                    return
                number = next(self._numbers)
                self.ids[number] = ""
            self.ids[number] = self._created(number)

    def _created(self, number: int) -> str:
        task = {"command": ["sh", "-c", self._script(number)], "cpus": 0.01}
        answer = anywhere(
            self._fleet,
            number,
            lambda client: client.post(
                "/v1/tasks", json=task, headers={"Idempotency-Key": f"task-{number}"}
            ),
        )
        return str(answer.json()["id"])


def anywhere(
    fleet: Fleet, first: int, call: Callable[[httpx.Client], httpx.Response]
) -> httpx.Response:
    """Return the answer of a gateway: each is asked in turn until one has it."""
    deadline = time.monotonic() + WITHIN
    for number in count(first):
        gateway = fleet.gateways[number % len(fleet.gateways)]
        assert time.monotonic() < deadline, gateway.log
        if gateway.process is None or gateway.process.poll() is not None:
            continue
        try:
            with fleet.client(number % len(fleet.gateways)) as client:
                client.timeout = httpx.Timeout(5)
                answer = call(client)
        except httpx.TransportError:
            continue
        if answer.status_code != 503:
            assert answer.is_success, answer.text
            return answer
    raise AssertionError("the numbers do not end")


def test_nothing_is_lost_run_twice_or_out_of_order(fleet: Fleet, tmp_path: Path) -> None:
    witness, gate = tmp_path / "witness", tmp_path / "gate"
    witness.touch()

    def script(number: int) -> str:
        # A third of them lasts until both gateways are gone.
        wait = f"flock --shared {gate} true" if number % 3 == 0 else "sleep 0.1"
        return f"echo start {number} >> {witness}; {wait}; echo end {number} >> {witness}"

    load = Load(fleet, script)
    with gate.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        load.submit(TASKS // 3)

        killed = fleet.holder()
        fleet.gateways[killed].kill()
        load.submit(2 * TASKS // 3)

        stopped = fleet.holder(but=killed)
        process = fleet.gateways[stopped].process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            last = fleet.holder(but=stopped)
            load.submit(TASKS)
        finally:
            process.send_signal(signal.SIGCONT)
    assert {killed, stopped, last} == {0, 1, 2}
    eventually(lambda: "no more" in fleet.gateways[stopped].log, within=WITHIN)

    for number, task_id in load.ids.items():
        task: dict[str, object] = {}
        while task.get("status") not in ("completed", "failed", "cancelled"):
            wait = methodcaller("get", f"/v1/tasks/{task_id}:wait?timeout=2")
            task = anywhere(fleet, number, wait).json()
        assert (task["status"], task["exit_code"]) == ("completed", 0), task
    lines = Counter(witness.read_text().splitlines())
    assert lines == Counter(f"{what} {number}" for what in ("start", "end") for number in load.ids)
    _check_events(fleet, last, set(load.ids.values()))


def _check_events(fleet: Fleet, number: int, ids: set[str]) -> None:
    """Hold the events to having no gaps, and each task's to the order of its life."""
    events: list[dict[str, object]] = []
    page = ""
    with fleet.client(number) as client:
        while True:
            answer = client.get(f"/v1/events?page_size=1000{page}").json()
            events += answer["items"]
            token = answer.get("next_page_token")
            if not token:
                break
            page = f"&page_token={token}"
    events.reverse()
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    for task_id in ids:
        life = [str(event["type"]) for event in events if event.get("task_id") == task_id]
        # It may have ended before anybody saw it run, or been given back to the queue.
        last = life[-4:] if "task.pending" not in life else life[life.index("task.pending") :]
        assert (life[0], life[1], life[-1]) == (LIFE[0], LIFE[1], LIFE[-1]), life
        assert [each for each in LIFE if each in last] == [each for each in last if each in LIFE]
        assert life.count(LIFE[0]) == life.count(LIFE[-1]) == 1, life
