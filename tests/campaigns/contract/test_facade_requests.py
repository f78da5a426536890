"""Every request that the facade makes is one that the contract allows."""

from __future__ import annotations

import asyncio
import inspect
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flowkit import Client, Flow, Sweep, Task, Volume
from flowkit._sync.outputs import Outputs
from flowkit._sync.profile_files import ProfileFiles
from flowkit._sync.secrets import Secrets
from flowkit._sync.snapshots import Snapshots
from flowkit._sync.storage import Storage
from flowkit._sync.sweeps import Sweeps
from flowkit._sync.tasks import Tasks
from flowkit._sync.volumes import Volumes
from flowkit_gateway.contract import Contract
from tests.campaigns.contract import storage_uses
from tests.gateway.gateway_process import GatewayProcess
from tests.unit.twins import Twin

CONTRACT = Contract.load()
EVENT = b'event: task.created\nid: 1\ndata: {"number":1,"type":"x","at":"2026-11-20T10:00:00Z"}\n\n'

Use = Callable[[Any, Any], object]
"""Calls a method of `Flow`, `Client`, `Tasks` or `Task`, given it and a task that has ended."""


class Recorder:
    """Holds each request to the contract and passes it on to a real gateway."""

    def __init__(self, gateway: httpx.Client) -> None:
        self._gateway = gateway
        self.operations: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        content = sent(request)
        self._check(request, content)
        if request.url.path == "/v1/events:follow":
            # It has no end, and a recorder passes on whole answers.
            return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=EVENT)
        headers = dict(request.headers)
        for name in ("host", "authorization", "flowkit-project", "transfer-encoding"):
            headers.pop(name, None)
        answer = self._gateway.request(
            request.method, request.url.raw_path.decode(), headers=headers, content=content
        )
        return httpx.Response(
            answer.status_code, headers=dict(answer.headers), content=answer.content
        )

    def _check(self, request: httpx.Request, content: bytes) -> None:
        operation, values = CONTRACT.find(request.method, request.url.path)
        self.operations.append(operation.id)
        operation.check_path(values)
        headers = {name.lower(): value for name, value in request.headers.raw}
        _, wrong = operation.check_query(request.url.query)
        assert not wrong
        _, wrong = operation.check_headers(headers)
        assert not wrong
        if operation.takes_bytes:
            assert headers[b"content-type"] == b"application/octet-stream"
        elif operation.has_body:
            assert headers[b"content-type"] == b"application/json"
            assert not operation.body.check(json.loads(content))
        else:
            assert not content
            assert b"content-type" not in headers
        assert headers[b"authorization"].startswith(b"Bearer ")
        assert headers[b"accept"] == answer_type(operation.id)


def answer_type(operation_id: str) -> bytes:
    """Return the type of what an operation answers."""
    if operation_id.startswith("follow_"):
        return b"text/event-stream"
    return b"application/octet-stream" if operation_id == "read_file" else b"application/json"


def sent(request: httpx.Request) -> bytes:
    """Return a request's body, also one that is sent as it is made."""
    if isinstance(request.stream, httpx.SyncByteStream):
        return request.read()
    # The loop of this thread is at work: it waits for this very answer.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(request.aread())).result()


LARGE = {
    "command": ["python", "-c", "print('\u00e9\U0001f600')", "", "x" * 131_072],
    "name": "a" * 128,
    "gpu": ["a100:2", "gpu:40gb+", 1],
    "cpus": 0.1 + 0.2,
    "memory_gb": "64gb",
    "min_gpu_memory_gb": 5e-324,
    "num_instances": 2,
    "env": {"A": "", "_b": "\u2028=\x1b"},
    "working_dir": "/",
    "region": "local",
    "max_price_per_hour": 1.005,
    "max_run_time": timedelta(microseconds=1),
    "priority": -1000,
    "labels": {"a/b": "", "c" * 63: "\u202e" * 255},
}
NOW = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)

USES: dict[str, list[Use]] = storage_uses.USES | {
    "Flow.run": [
        lambda flow, _: flow.run("exit 1", wait=True),
        lambda flow, _: flow.run(["true"], idempotency_key="~" * 255),
        lambda flow, _: flow.run(LARGE),
        lambda flow, _: flow.run({"command": "x"}, priority="high", env=["A=b=c"], gpu=4),
    ],
    "Flow.submit": [
        lambda flow, _: flow.submit("x", gpu=["h100:8", "a100"], wait=True),
        lambda flow, _: flow.submit("x", instance_type="8xa100", max_run_time="90s"),
    ],
    "Flow.submit_many": [lambda flow, _: flow.submit_many(["a", LARGE, ["b"]])],
    "Flow.plan": [lambda flow, _: flow.plan(LARGE), lambda flow, _: flow.plan("x", cpus=1e-9)],
    "Flow.wait_for": [
        lambda flow, task: flow.wait_for(task),
        lambda flow, task: flow.wait_for(task.id, until="running", timeout=0),
        lambda flow, task: flow.wait_for(task.id, timeout=math.pi * 1e-5),
        lambda flow, task: flow.wait_for(task.id, timeout="52w"),
        lambda flow, task: flow.wait_for(task.id, timeout=math.inf),
    ],
    "Flow.status": [lambda flow, task: flow.status(task.id)],
    "Flow.cancel": [
        lambda flow, task: flow.cancel(task),
        lambda flow, task: flow.cancel(task.id, force=True),
    ],
    "Flow.get_task": [lambda flow, task: flow.get_task(task.id)],
    "Flow.list_tasks": [
        lambda flow, _: flow.list_tasks(limit=None),
        lambda flow, _: flow.list_tasks(limit=0),
        lambda flow, _: flow.list_tasks("running", 100_000),
        lambda flow, _: flow.list_tasks(["completed", "failed"], name="a", labels={"a": None}),
        lambda flow, _: flow.list_tasks([], labels=["a=b&c=d", "\u00e9=\U0001f600", "a"]),
    ],
    "Flow.logs": [
        lambda flow, task: flow.logs(task),
        lambda flow, task: flow.logs(task.id, tail=0, stderr=True),
        lambda flow, task: flow.logs(task.id, tail=10_000_000, since=NOW),
        lambda flow, task: flow.logs(task.id, since="5m", stream="stdout"),
        lambda flow, task: list(flow.logs(task.id, follow=True, since="2026-11-20 10:00")),
    ],
    "Flow.events": [
        lambda flow, _: list(flow.events()),
        lambda flow, _: list(flow.events(limit=1, after=0)),
        lambda flow, _: next(flow.events(follow=True)),
        lambda flow, _: next(flow.events(follow=True, after=2**53 - 1)),
        lambda flow, task: list(flow.events(task)),
        lambda flow, task: list(flow.events(task.id, follow=True, after=0)),
        lambda flow, _: list(flow.events(flow.run("x"), follow=True)),
    ],
    "Flow.find_instances": [
        lambda flow, _: flow.find_instances(),
        lambda flow, _: flow.find_instances("a100:4", limit=None),
        lambda flow, _: flow.find_instances(
            {"gpu_type": "a100", "min_gpu_memory_gb": 1e-7, "max_price_per_hour": 0.29}
        ),
        lambda flow, _: flow.find_instances({"region": "a b&c"}),
    ],
    "Flow.normalize_instance_request": [
        lambda flow, _: flow.normalize_instance_request(1),
        lambda flow, _: flow.normalize_instance_request(100, "a100"),
    ],
    "Flow.server": [lambda flow, _: flow.server()],
    "Flow.close": [lambda flow, _: flow.close()],
    "Client.run": [
        lambda client, _: client.run("x", "a100", 2, "1gb", True),
        lambda client, _: client.run(LARGE, name="b"),
    ],
    "Client.status": [
        lambda client, _: client.status(),
        lambda client, task: client.status(task.id),
    ],
    "Client.cancel": [lambda client, task: client.cancel(task.id, True)],
    "Client.reserve": [lambda client, _: client.reserve("1xa100", 0.5, True)],
    "Client.provider_port": [lambda client, _: client.provider_port()],
    "Client.close": [lambda client, _: client.close()],
    "Tasks.create": [lambda tasks, _: tasks.create(LARGE, priority=1000)],
    "Tasks.create_many": [
        lambda tasks, _: tasks.create_many(["x"] * 3, idempotency_key="!"),
        lambda tasks, _: tasks.create_many([]),
    ],
    "Tasks.plan": [lambda tasks, _: tasks.plan(LARGE)],
    "Tasks.get": [lambda tasks, task: tasks.get(task)],
    "Tasks.list": [lambda tasks, _: list(tasks.list(status="failed", limit=1))],
    "Tasks.update": [
        lambda tasks, task: tasks.update(task),
        lambda tasks, task: tasks.update(task, name="b", priority="low", labels={}),
        lambda tasks, task: tasks.update(task.id, clear=["name", "priority", "labels"]),
        lambda tasks, task: tasks.update(task.id, name="a", clear=("labels",)),
    ],
    "Tasks.delete": [lambda tasks, task: tasks.delete(task.id)],
    "Tasks.cancel": [lambda tasks, task: tasks.cancel(task.id)],
    "Tasks.wait": [lambda tasks, task: tasks.wait(task, timeout=1e9)],
    "Tasks.logs": [lambda tasks, task: tasks.logs(task, tail=1, stderr=True)],
    "Tasks.log_chunks": [
        lambda tasks, task: list(tasks.log_chunks(task, offset=2**53 - 1)),
        lambda tasks, task: list(tasks.log_chunks(task, follow=True, offset=0, tail=5, since=NOW)),
    ],
    "Task.to_dict": [lambda _, task: task.to_dict()],
    "Task.wait": [lambda _, task: task.wait(1.5, until="running")],
    "Task.refresh": [lambda _, task: task.refresh()],
    "Task.cancel": [lambda _, task: task.cancel(force=True)],
    "Task.logs": [
        lambda _, task: task.logs(),
        lambda _, task: list(task.logs(follow=True, tail=3, stream="stderr")),
    ],
}


NOUNS = (
    *(Flow, Client, Tasks, Task),
    *(Volumes, Volume, Storage, Outputs, Secrets, ProfileFiles, Snapshots, Sweeps, Sweep),
)


def public_methods() -> Iterator[str]:
    for cls in NOUNS:
        for name, _ in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{cls.__name__}.{name}"


def test_every_public_method_is_tried() -> None:
    without_requests = {"Sweep.to_pandas"}
    assert set(USES) == set(public_methods()) - without_requests


@pytest.mark.parametrize("method", USES)
def test_a_method_makes_requests_that_the_contract_allows(
    method: str,
    twin: Twin,
    null_gateway: GatewayProcess,
    project: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with null_gateway.client(project) as real:
        recorder = Recorder(real)
        flow = twin.flow(recorder)
        task = flow.run("true").wait()
        owner = method.partition(".")[0]
        for use in USES[method]:
            use({"Tasks": flow.tasks, "Client": twin.client(flow)}.get(owner, flow), task)
    assert {"create_task", "wait_task"} <= set(recorder.operations)
