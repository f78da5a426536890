"""Two projects see nothing of each other, by any operation of the contract.

What they share is the machine: how much of it is free, and how long its queue is.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from flowkit_gateway.contract import Operation
from tests.campaigns.security.contract_calls import NOBODY, OF_A_TASK, OPERATIONS, Answer, call
from tests.conditions import eventually
from tests.gateway.conftest import end_all_tasks
from tests.gateway.gateway_process import GatewayProcess

ids = [operation.id for operation in OPERATIONS]


class Projects(NamedTuple):
    """Project A with tasks of every kind, and project B, which has nothing."""

    a: httpx.Client
    b: httpx.Client
    mark: str
    """Is in everything that A has."""
    running: str
    ended: str
    ids: dict[str, str]
    """What else A has, by the names of path parameters."""
    key: str
    """An idempotency key that A has used, with the body that the operation's probe sends."""
    tokens: tuple[str, ...]
    """Of A's pages."""
    last_event: int

    def traces(self, answer: Answer) -> list[str]:
        """Return what of A shows in an answer."""
        asked_for = {self.running, self.ended, *self.ids.values()} - {self.ids["secret_name"]}
        traces = [self.mark, f'"project":"{self.a.headers["flowkit-project"]}"', *asked_for]
        text = answer.text
        if answer.status == 404:
            # It repeats the id that it was asked for.
            text = re.sub(r"there is no (\w+ )+[a-z]+_\w{26}", "", text)
        return [trace for trace in traces if trace in text]


@pytest.fixture
def projects(holding_gateway: GatewayProcess) -> Iterator[Projects]:
    mark = f"m{uuid.uuid4().hex}"
    key = f"key-{mark}"
    with (
        holding_gateway.client(f"a-{uuid.uuid4().hex[:8]}") as a,
        holding_gateway.client(f"b-{uuid.uuid4().hex[:8]}") as b,
    ):
        tasks = [submit(a, mark) for _ in range(3)]
        running, ended, _ = (task["id"] for task in tasks)
        a.post(f"/v1/tasks/{ended}:cancel?force=true")
        a.get(f"/v1/tasks/{ended}:wait")
        for path in ("/v1/tasks", "/v1/tasks:batch"):
            for body in ({"command": ["true"]}, {"tasks": [{"command": ["true"]}]}):
                a.post(path, json=body, headers={"Idempotency-Key": f"{key}{path[9:]}"})
        things = things_of(a, mark)
        sweep = f"/v1/sweeps/{things['sweep_id']}"
        eventually(lambda: a.get(sweep).json()["progress"]["active"] == 1)
        for task in a.get("/v1/tasks").json()["items"]:
            a.get(f"/v1/tasks/{task['id']}:wait?until=running")
        pages = [
            a.get(path, params={"page_size": 1}).json() for path in ("/v1/tasks", "/v1/events")
        ]
        yield Projects(
            a,
            b,
            mark,
            running,
            ended,
            things,
            key,
            tuple(page["next_page_token"] for page in pages),
            a.get("/v1/events").json()["items"][0]["number"],
        )
        end_all_tasks(a)
        end_all_tasks(b)


def things_of(client: httpx.Client, mark: str) -> dict[str, str]:
    """Create one of everything that is no task, and return their ids."""

    def created(path: str, /, **body: object) -> dict[str, Any]:
        answered: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
        return answered

    volume = created("/v1/volumes", name=mark, size_gb=1, interface="file")["id"]
    client.post(
        "/v1/files:write",
        params={"space": volume, "path": "kept"},
        content=mark,
        headers={"Content-Type": "application/octet-stream"},
    ).raise_for_status()
    sha256 = hashlib.sha256(mark.encode()).hexdigest()
    entry = {"path": mark, "type": "file", "mode": 420, "size_bytes": len(mark), "sha256": sha256}
    return {
        "volume_id": volume,
        "grant_id": created("/v1/grants", volume_id=volume, principal="user:ada")["id"],
        "upload_id": created("/v1/uploads", space=volume, path=mark, size_bytes=1)["id"],
        "snapshot_id": created("/v1/snapshots", entries=[entry])["id"],
        "secret_name": created("/v1/secrets", name=f"S{uuid.uuid4().hex}", value=mark)["name"],
        "sweep_id": created(
            "/v1/sweeps",
            task={"command": ["true", mark], "name": mark, "cpus": 0.01},
            parameters=[{"name": mark, "values": [mark]}],
        )["id"],
        "profile_file_id": created("/v1/profile_files", path=mark, content=mark)["id"],
    }


def submit(client: httpx.Client, mark: str) -> dict[str, Any]:
    task = {
        "command": ["true", mark],
        "name": mark,
        "labels": {mark: mark},
        "env": {"MARK": mark},
        "caller_env": {"MARK": mark},
        "cpus": 0.01,
    }
    answered: dict[str, Any] = client.post("/v1/tasks", json=task).raise_for_status().json()
    return answered


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_an_operation_shows_nothing_of_another_project(
    operation: Operation, projects: Projects
) -> None:
    for query in ({}, *queries(operation, projects)):
        for task_id in (projects.running, projects.ended):
            for headers in header_choices(operation, projects):
                ids = {**projects.ids, "task_id": task_id}
                answer = call(projects.b, operation, ids=ids, query=query, headers=headers)
                assert projects.traces(answer) == []
                assert answer.status < 500


def queries(operation: Operation, projects: Projects) -> Iterator[dict[str, str]]:
    """Yield queries that name what is A's, from the contract's parameters."""
    for name in operation.query:
        if name == "page_token":
            yield from ({name: token} for token in projects.tokens)
        elif name in ("name", "label"):
            yield {name: projects.mark}
        elif name in ("after", "offset"):
            yield {name: "0"}
        elif name == "status":
            yield {name: "running"}


def header_choices(operation: Operation, projects: Projects) -> Iterator[dict[str, str]]:
    yield {}
    for name in operation.headers:
        if name == b"idempotency-key":
            yield {"Idempotency-Key": projects.key}
        elif name == b"last-event-id":
            yield {"Last-Event-ID": "0"}
        elif name == b"range":
            yield {"Range": "bytes=0-"}
        elif name in (b"if-match", b"upload-offset"):
            continue
        else:
            raise AssertionError(f"a new header parameter: {name!r}")


@pytest.mark.parametrize("operation", OF_A_TASK, ids=lambda operation: operation.id)
def test_a_task_of_another_project_is_as_one_that_never_was(
    operation: Operation, projects: Projects
) -> None:
    def normal(task_id: str) -> tuple[int, str | None, str]:
        headers = {"Flowkit-Correlation-Id": "same"}
        answer = call(projects.b, operation, ids={"task_id": task_id}, headers=headers)
        text = re.sub(r"'date': '[^']*'", "", answer.text).replace(task_id, "TASK")
        return answer.status, answer.code, text

    never = normal(NOBODY)
    assert never[:2] == (404, "task_not_found")
    assert normal(projects.running) == never
    assert normal(projects.ended) == never


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_no_operation_changes_another_project(operation: Operation, projects: Projects) -> None:
    def state() -> tuple[Any, Any]:
        tasks = projects.a.get("/v1/tasks").json()["items"]
        for task in tasks:
            task.pop("queue_position", None)
        lists = (
            *("volumes", "grants", "snapshots", "secrets", "profile_files", "sweeps"),
            *("reservations", "events"),
        )
        things = [projects.a.get(f"/v1/{name}").json() for name in lists]
        upload = projects.a.get(f"/v1/uploads/{projects.ids['upload_id']}").json()
        volume = {"space": projects.ids["volume_id"]}
        return tasks, [*things, upload, projects.a.get("/v1/files", params=volume).json()]

    before = state()
    for task_id in (projects.running, projects.ended):
        ids = {**projects.ids, "task_id": task_id}
        call(projects.b, operation, ids=ids, headers={"Idempotency-Key": projects.key})
    assert state() == before


def test_numbers_of_events_tell_nothing_of_other_projects(projects: Projects) -> None:
    assert projects.b.get("/v1/events").json() == {"items": []}
    submit(projects.b, "b")
    submit(projects.a, "a")
    submit(projects.b, "b")
    numbers = [event["number"] for event in projects.b.get("/v1/events").json()["items"]]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_an_idempotency_key_of_another_project_is_new(projects: Projects) -> None:
    headers = {"Idempotency-Key": projects.key}
    first = projects.a.post("/v1/tasks", json={"command": ["true"]}, headers=headers)
    other = projects.b.post("/v1/tasks", json={"command": ["false"]}, headers=headers)
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.json()["id"] != other.json()["id"]
    assert "idempotent-replayed" not in other.headers


def test_a_stream_of_a_project_is_silent_while_another_one_works(projects: Projects) -> None:
    follow = next(operation for operation in OPERATIONS if operation.id == "follow_events")
    with projects.b.stream("GET", follow.path) as stream:
        submit(projects.a, projects.mark)
        own = submit(projects.b, "own")
        lines = stream.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        assert json.loads(first[6:])["task_id"] == own["id"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_the_key_of_one_project_opens_no_other(operation: Operation, keyed: GatewayProcess) -> None:
    with keyed.client("a", key="b" * 32) as client:
        answer = call(client, operation)
    assert (answer.status, answer.code) == (403, "permission_denied")


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    directory: Path = tmp_path_factory.mktemp("keyed")
    keys = directory / "keys"
    keys.write_text(f"{'a' * 32} a\n{'b' * 32} b\n")
    keys.chmod(0o600)
    gateway = GatewayProcess(
        directory / "data", "--engine", "null", "--api-key-file", str(keys)
    ).start()
    try:
        yield gateway
    finally:
        gateway.kill()
