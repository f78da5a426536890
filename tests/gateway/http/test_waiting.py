"""Long polls: they answer when it happens, and hold nothing longer than they must."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.http.test_requests import connection
from tests.gateway.http.test_tasks import submit, wait


def test_a_wait_answers_at_once_when_there_is_nothing_to_wait_for(api: httpx.Client) -> None:
    task = wait(api, submit(api))
    assert api.get(f"/v1/tasks/{task['id']}:wait?timeout=60").json() == task
    assert api.get(f"/v1/tasks/{task['id']}:wait?until=running").json() == task


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_wait_that_times_out_answers_the_task_as_it_is(
    holding: httpx.Client, timeout: float
) -> None:
    task = wait(holding, submit(holding), until="running")
    begin = time.monotonic()
    answer = holding.get(f"/v1/tasks/{task['id']}:wait?timeout={timeout}").json()
    assert answer["status"] == "running"
    assert timeout <= time.monotonic() - begin < timeout + 5


def test_every_waiter_is_answered_when_the_task_ends(
    holding_gateway: GatewayProcess, holding: httpx.Client, project: str
) -> None:
    task = wait(holding, submit(holding), until="running")
    waiting = threading.Barrier(9)

    def wait_for_end(_: int) -> tuple[str, float]:
        with holding_gateway.client(project) as client:
            client.get("/v1/health")
            waiting.wait(10)
            status = wait(client, task)["status"]
            return status, time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(wait_for_end, range(8))
        waiting.wait(10)
        holding.post(f"/v1/tasks/{task['id']}:cancel?force=true")
        cancelled = time.monotonic()
        for status, answered in outcomes:
            assert status == "cancelled"
            assert answered - cancelled < 5


def test_a_wait_ends_when_its_task_is_deleted_by_another(
    holding_gateway: GatewayProcess, holding: httpx.Client, project: str
) -> None:
    with ThreadPoolExecutor(1) as pool, holding_gateway.client(project) as other:
        task = submit(holding)
        answer = pool.submit(other.get, f"/v1/tasks/{task['id']}:wait?timeout=20")
        holding.post(f"/v1/tasks/{task['id']}:cancel?force=true")
        wait(holding, task)
        holding.delete(f"/v1/tasks/{task['id']}")
        assert answer.result(10).status_code in (200, 404)


def test_a_client_that_goes_away_frees_its_waits(
    holding_gateway: GatewayProcess, holding: httpx.Client
) -> None:
    task = wait(holding, submit(holding), until="running")
    assert holding_gateway.process is not None
    process = psutil.Process(holding_gateway.process.pid)
    before = process.num_fds()
    head = (
        f"GET /v1/tasks/{task['id']}:wait?timeout=60 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {holding_gateway.token}\r\n"
        f"Flowkit-Project: {holding.headers['flowkit-project']}\r\n\r\n"
    ).encode()
    peers = [connection(holding_gateway) for _ in range(20)]
    for peer in peers:
        peer.sendall(head)
    eventually(lambda: process.num_fds() >= before + 20)
    for peer in peers:
        peer.close()
    eventually(lambda: process.num_fds() <= before + 1)
