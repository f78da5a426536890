"""Many tasks through one gateway, and many who wait for one task."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from flowkit import AsyncFlow, AsyncTask
from tests.campaigns.form import sized
from tests.gateway.gateway_process import GatewayProcess

ROUNDS = 10
TASKS_A_ROUND = sized(short=100, full=1000)
WAITS = sized(short=100, full=1000)
FOLLOWS = sized(short=50, full=500)
CALLS_A_CLIENT = 50
LEAST_CALLS = 20


@pytest.fixture
def null_gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path / "data", "--engine", "null").start()
    yield gateway
    gateway.stop()


@pytest.fixture
def local_gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path / "data").start()
    yield gateway
    gateway.stop()


TASK = {"command": ["true"], "code": False}


def client(gateway: GatewayProcess) -> AsyncFlow:
    return AsyncFlow(api_url=gateway.url, api_key=gateway.token)


async def test_the_last_tasks_cost_what_the_first_did(null_gateway: GatewayProcess) -> None:
    assert null_gateway.process is not None
    process = psutil.Process(null_gateway.process.pid)
    spent, resident = [], []
    async with client(null_gateway) as flow:
        for _ in range(ROUNDS):
            before = sum(process.cpu_times()[:2])
            tasks = await flow.submit_many([TASK] * TASKS_A_ROUND)
            for task in tasks:
                assert (await task.wait(timeout=60)).exit_code == 0
            spent.append(sum(process.cpu_times()[:2]) - before)
            resident.append(process.memory_info().rss)
    # The first rounds fill caches; from then on nothing may grow with the number of tasks.
    assert resident[-1] < 1.1 * resident[1], resident
    assert sorted(spent[-3:])[1] < 1.5 * sorted(spent[1:4])[1], spent


async def test_many_wait_for_one_task_and_follow_it(
    local_gateway: GatewayProcess, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    clients = [client(local_gateway) for _ in range((WAITS + FOLLOWS) // CALLS_A_CLIENT)]
    task = await clients[0].run(
        ["bash", "-c", f"echo begin; read < '{gate}'; echo end"], wait=True, code=False
    )
    waits = [
        asyncio.create_task(clients[number % len(clients)].wait_for(task.id, timeout=120))
        for number in range(WAITS)
    ]
    begun = asyncio.Semaphore(0)
    follows = [
        asyncio.create_task(follow(clients[number % len(clients)], task, begun))
        for number in range(FOLLOWS)
    ]
    async with asyncio.timeout(90):
        for _ in follows:
            await begun.acquire()
    taken = []
    for _ in range(LEAST_CALLS):
        started = time.perf_counter()
        await clients[0].get_task(task.id)
        taken.append(time.perf_counter() - started)
    gate.write_text("\n")
    ended = await asyncio.gather(*waits)
    assert {handle.exit_code for handle in ended} == {0}
    assert await asyncio.gather(*follows) == [["begin", "end"]] * FOLLOWS
    # Whoever only waits costs the others nothing.
    assert sorted(taken)[LEAST_CALLS // 2] < 0.25, taken
    for flow in clients:
        await flow.close()


async def follow(flow: AsyncFlow, task: AsyncTask, begun: asyncio.Semaphore) -> list[str]:
    """Read a task's output to its end, telling when the first line has come."""
    lines: list[str] = []
    async for line in flow.logs(task.id, follow=True):
        if not lines:
            begun.release()
        lines.append(line)
    return lines
