"""A gateway that is killed in the middle of a sweep: nothing is lost, run twice or one too many."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import httpx

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.sweeps.calls import cases, create, ended, get, post, shell

MOST = 3
CASES = 30


def lines(path: Path) -> list[str]:
    """Return what the cases have written so far."""
    return path.read_text().split() if path.exists() else []


def has_grown(path: Path, size: int) -> bool:
    """Return whether the cases have written so many lines."""
    return len(lines(path)) >= size


def most_at_once(journal: list[str]) -> int:
    """Return how many cases ran at a time, of a journal with `+N` and `-N` for begin and end."""
    running = most = 0
    for line in journal:
        running += 1 if line[0] == "+" else -1
        most = max(most, running)
    return most


def test_kills_in_the_middle_lose_nothing_and_start_none_too_many(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    command = shell(f"echo +{{N}} >> {journal}; sleep 0.1; echo -{{N}} >> {journal}; exit 0")
    gateway = start_gateway(engine="local")
    with gateway.client() as client:
        sweep = create(client, command, N=range(CASES), max_parallel=MOST, task={"cpus": 0.1})
    for begun in (1, 6, 12, 18, 24):
        eventually(partial(has_grown, journal, 2 * begun), within=30)
        gateway.kill()
        gateway = start_gateway(engine="local")
    with gateway.client() as client:
        done = ended(client, sweep)
        assert (done["status"], done["progress"]["completed"]) == ("completed", CASES)
        tasks = client.get("/v1/tasks?page_size=1000").json()["items"]
        assert sorted(task["sweep_case"] for task in tasks) == list(range(CASES))
        _check_times(client, sweep["id"])
    told = lines(journal)
    assert sorted(told) == sorted(f"{sign}{number}" for number in range(CASES) for sign in "+-")
    assert most_at_once(told) <= MOST


def _check_times(client: httpx.Client, sweep_id: str) -> None:
    """Hold by the tasks' own times that no more than may be were unfinished at any moment."""
    tasks = client.get("/v1/tasks", params={"label": f"sweep={sweep_id}", "page_size": 1000})
    moments = []
    for task in tasks.json()["items"]:
        moments += [(task["created_at"], 1), (task["finished_at"], -1)]
    unfinished = most = 0
    for _, change in sorted(moments):
        unfinished += change
        most = max(most, unfinished)
    assert most <= MOST


def test_a_kill_right_after_the_answer_loses_nothing(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    for _ in range(3):
        with gateway.client() as client:
            sweep = create(client, A=range(200), max_parallel=20)
        gateway.kill()
        gateway = start_gateway()
        with gateway.client() as client:
            assert ended(client, sweep)["progress"]["completed"] == 200
            assert len({case["task_id"] for case in cases(client, sweep, page_size=1000)}) == 200
            found = client.get("/v1/tasks", params={"label": f"sweep={sweep['id']}"}).json()
            assert len(found["items"]) == 100
            assert "next_page_token" in found


def test_a_cancel_is_carried_out_by_the_next_gateway(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--null-duration", "86400")
    with gateway.client() as client:
        sweep = create(client, A=range(50), max_parallel=10)
        eventually(lambda: get(client, sweep)["progress"]["active"] == 10)
        post(client, sweep, "cancel")
    gateway.kill()
    with start_gateway("--null-duration", "86400").client() as client:
        done = ended(client, sweep)
        assert (done["status"], done["progress"]["cancelled"]) == ("cancelled", 50)


def test_a_gateway_that_stops_in_good_order_leaves_a_sweep_to_the_next(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway("--null-duration", "0.05")
    with gateway.client() as client:
        sweep = create(client, A=range(60), max_parallel=4)
        eventually(lambda: get(client, sweep)["progress"]["completed"] > 4)
    assert gateway.stop() == 0
    assert "Traceback" not in gateway.log
    with start_gateway("--null-duration", "0.05").client() as client:
        assert ended(client, sweep)["progress"]["completed"] == 60


def test_a_gateway_is_not_idle_while_a_sweep_has_cases_to_start(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway("--idle-timeout", "0.3", "--null-duration", "0.2")
    with gateway.client() as client:
        sweep = create(client, A=range(10), max_parallel=1)
    assert gateway.process is not None
    gateway.process.wait(timeout=30)
    with start_gateway().client() as client:
        assert get(client, sweep)["status"] == "completed"


def test_a_task_that_ended_while_no_gateway_ran_ends_its_case(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    gateway = start_gateway(engine="local")
    line = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; touch {tmp_path}/gone; exit 4"
    with gateway.client() as client:
        sweep = create(client, shell(line), A=[1])
        task_id = eventually(lambda: cases(client, sweep, status="active"))[0]["task_id"]
        eventually(lambda: client.get(f"/v1/tasks/{task_id}").json()["status"] == "running")
    gateway.kill()
    (tmp_path / "go").touch()
    eventually((tmp_path / "gone").exists)
    began = time.monotonic()
    with start_gateway(engine="local").client() as client:
        assert ended(client, sweep)["status"] == "failed"
        assert cases(client, sweep)[0]["exit_code"] == 4
    assert time.monotonic() - began < 20
