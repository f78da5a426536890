"""Submits through faults: each is acknowledged once, and makes one task."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from flowkit import APIConnectionError, AsyncFlow, Flow, InvalidResponse, RateLimited, Unavailable
from tests.campaigns.form import seed, sized
from tests.campaigns.network import faults
from tests.campaigns.network.conftest import StartProxy
from tests.gateway.gateway_process import GatewayProcess

SUBMITS = sized(short=100, full=1000)
AT_ONCE = 8
FAULTS = [
    faults.reset_before,
    faults.reset_after,
    faults.closed_after,
    faults.cut_in_the_head,
    faults.cut_in_the_body,
    faults.truncated,
    faults.truncated_without_length,
    faults.length_too_short,
    faults.html_success,
    faults.twice,
    faults.twice_with_a_pause,
    faults.dribbled,
    faults.informed,
    faults.garbage,
    faults.status(502),
    faults.status(504),
    faults.status(503, "retry-after: 0"),
    faults.problem(429, "rate_limited", "retry-after: 0"),
]
LOST = (APIConnectionError, InvalidResponse, RateLimited, Unavailable)

pytestmark = pytest.mark.usefixtures("bare_home")


def _in_threads(flow: Flow) -> list[tuple[str, str]]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda number: _submit(flow, number), range(SUBMITS)))


def _submit(flow: Flow, number: int) -> tuple[str, str]:
    task = flow.run("true", name=f"task-{number}", code=False)
    return str(task.name), str(task.id)


async def _in_tasks(url: str, key: str, project: str) -> list[tuple[str, str]]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def submit(number: int) -> tuple[str, str]:
        async with turns:
            task = await flow.run("true", name=f"task-{number}", code=False)
            return str(task.name), str(task.id)

    async with AsyncFlow(url, key, project, max_retries=9) as flow:
        return await asyncio.gather(*map(submit, range(SUBMITS)))


def test_each_submit_makes_one_task_and_is_acknowledged_once(
    kind: str, null_gateway: GatewayProcess, project: str, start_proxy: StartProxy
) -> None:
    key = null_gateway.token
    proxy = start_proxy(null_gateway, faults.random_faults(seed(), 0.2, FAULTS))
    if kind == "async":
        acknowledged = asyncio.run(_in_tasks(proxy.url, key, project))
    else:
        with Flow(proxy.url, key, project, max_retries=9) as flow:
            acknowledged = _in_threads(flow)
    with Flow(null_gateway.url, key, project) as direct:
        made = [(str(task.name), str(task.id)) for task in direct.tasks.list()]
    # In the order of the submits, so that none has got the answer to another one.
    assert [name for name, _ in acknowledged] == [f"task-{n}" for n in range(SUBMITS)]
    assert Counter(made) == Counter(acknowledged)
    assert set(Counter(made).values()) == {1}
    assert len(proxy.requests) > 1.1 * SUBMITS


def test_who_submits_again_under_a_key_has_one_task(
    null_gateway: GatewayProcess, project: str, start_proxy: StartProxy
) -> None:
    proxy = start_proxy(null_gateway, faults.random_faults(seed() + 1, 0.5, FAULTS))
    acknowledged = []
    for _ in range(SUBMITS // 10):
        idempotency_key = uuid.uuid4().hex
        while True:
            # A process of its own each time, as far as the gateway can see.
            with Flow(proxy.url, null_gateway.token, project, max_retries=0) as flow:
                try:
                    task = flow.run("true", idempotency_key=idempotency_key, code=False)
                except LOST:
                    continue
            acknowledged.append(task.id)
            break
    with Flow(null_gateway.url, null_gateway.token, project) as direct:
        assert {task.id for task in direct.tasks.list()} == set(acknowledged)
    assert len(set(acknowledged)) == SUBMITS // 10


def test_a_batch_is_made_once(
    kind: str, null_gateway: GatewayProcess, project: str, start_proxy: StartProxy
) -> None:
    key = null_gateway.token
    proxy = start_proxy(null_gateway, faults.random_faults(seed() + 2, 0.5, FAULTS))
    names = [f"task-{number}" for number in range(100)]
    batch = [{"command": "true", "name": name} for name in names]

    async def submitted() -> list[str]:
        async with AsyncFlow(proxy.url, key, project, max_retries=9) as flow:
            return [str(task.name) for task in await flow.submit_many(batch)]

    for _ in range(SUBMITS // 100):
        if kind == "async":
            assert asyncio.run(submitted()) == names
        else:
            with Flow(proxy.url, key, project, max_retries=9) as flow:
                assert [task.name for task in flow.submit_many(batch)] == names
    with Flow(null_gateway.url, key, project) as direct:
        made = Counter(task.name for task in direct.tasks.list())
    assert made == Counter(names * (SUBMITS // 100))
