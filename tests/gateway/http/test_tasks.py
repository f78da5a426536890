"""The operations on tasks, the catalogue and the gateway, as a client sees them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from flowkit._version import __version__
from tests.gateway.gateway_process import GatewayProcess

Document = dict[str, Any]


def submit(api: httpx.Client, **settings: Any) -> Document:
    response = api.post("/v1/tasks", json={"command": ["true"], **settings})
    assert response.status_code == 201, response.text
    document: Document = response.json()
    return document


def wait(api: httpx.Client, task: Document, until: str = "terminal") -> Document:
    document: Document = api.get(f"/v1/tasks/{task['id']}:wait?until={until}&timeout=20").json()
    return document


def test_health(api: httpx.Client) -> None:
    response = api.get("/v1/health")
    assert response.json() == {"status": "ok"}
    assert response.headers["content-type"] == "application/json"


def test_the_server_describes_itself(
    null_gateway: GatewayProcess, api: httpx.Client, project: str
) -> None:
    server = api.get("/v1/server").json()
    assert server["version"] == __version__
    assert server["engine"] == "null"
    assert server["embedded"] is False
    assert server["simulated"] is True
    assert null_gateway.process is not None
    assert server["pid"] == null_gateway.process.pid
    assert server["project"] == project
    assert server["user"]
    assert server["limits"]["max_body_bytes"] == 16 * 1024 * 1024


def test_a_task_goes_through_its_states(api: httpx.Client) -> None:
    task = submit(api, name="train", labels={"team": "nlp"}, gpu=["a100:2"], priority=3)
    assert task["status"] == "pending"
    ended = wait(api, task)
    assert (ended["status"], ended["reason"], ended["exit_code"]) == ("completed", "exited", 0)
    assert ended["gpu_indices"]
    assert ended["created_at"] <= ended["started_at"] <= ended["finished_at"]
    assert ended["created_at"].endswith("Z")
    assert api.get(f"/v1/tasks/{task['id']}").json() == ended


def test_what_a_caller_has_in_its_shell_is_never_answered(api: httpx.Client) -> None:
    task = submit(api, caller_env={"HOME": "/home/ada"}, env={"A": "1"})
    assert task["env"] == {"A": "1"}
    assert "caller_env" not in task
    assert "caller_env" not in wait(api, task)
    assert "/home/ada" not in api.get("/v1/tasks").text


def test_tasks_are_listed_newest_first_in_pages(api: httpx.Client) -> None:
    ids = [submit(api)["id"] for _ in range(5)]
    seen = []
    token = None
    while True:
        query = {"page_size": "2", **({"page_token": token} if token else {})}
        page = api.get("/v1/tasks", params=query).json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert seen == ids[::-1]


def test_the_last_page_has_no_token(api: httpx.Client) -> None:
    submit(api)
    submit(api)
    assert "next_page_token" not in api.get("/v1/tasks?page_size=2").json()


def test_tasks_are_found_by_what_they_have(api: httpx.Client) -> None:
    a = wait(api, submit(api, name="a", labels={"team": "nlp", "stage": "x=y"}))
    b = wait(api, submit(api, name="b", labels={"team": "vision"}))

    def found(query: str) -> list[str]:
        return [item["id"] for item in api.get(f"/v1/tasks?{query}").json()["items"]]

    assert found("name=a") == [a["id"]]
    assert found("label=team=nlp") == [a["id"]]
    assert found("label=stage=x=y") == [a["id"]]
    assert found("label=team") == [b["id"], a["id"]]
    assert found("label=team&label=stage") == [a["id"]]
    assert found("status=completed&status=failed") == [b["id"], a["id"]]
    assert found("status=pending") == []


def test_a_batch_is_accepted_whole_in_its_order(api: httpx.Client) -> None:
    tasks = [{"command": ["true"], "name": f"t{number}"} for number in range(20)]
    response = api.post("/v1/tasks:batch", json={"tasks": tasks})
    assert response.status_code == 201
    assert [item["name"] for item in response.json()["items"]] == [t["name"] for t in tasks]


def test_a_batch_with_one_impossible_task_creates_nothing(api: httpx.Client) -> None:
    tasks = [{"command": ["true"]}, {"command": ["true"], "gpu": ["a100:4096"]}]
    response = api.post("/v1/tasks:batch", json={"tasks": tasks})
    assert response.json()["code"] == "no_capacity"
    assert response.json()["details"][0]["loc"] == "/body/tasks/1/gpu"
    assert api.get("/v1/tasks").json()["items"] == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"gpu": ["a100:x"]}, "invalid_gpu_request"),
        ({"gpu": ["mi300x"]}, "no_capacity"),
        ({"cpus": 99999.0, "memory_gb": 999_999_999}, "invalid_request"),
        ({"region": "moon"}, "no_capacity"),
        ({"working_dir": "/no/such/directory"}, "invalid_request"),
    ],
)
def test_a_task_that_cannot_be_is_refused_at_once(
    api: httpx.Client, settings: Document, code: str
) -> None:
    response = api.post("/v1/tasks", json={"command": ["true"], **settings})
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert response.json()["details"]


def test_an_engine_refuses_what_it_cannot_do(local: httpx.Client) -> None:
    response = local.post("/v1/tasks", json={"command": ["true"], "num_instances": 65})
    assert (response.status_code, response.json()["code"]) == (422, "unsupported_by_engine")


def test_a_plan_creates_nothing(api: httpx.Client) -> None:
    plan = api.post("/v1/tasks:plan", json={"command": ["true"], "gpu": ["a100:2"]}).json()
    assert plan["feasible"] is True
    assert plan["simulated"] is True
    assert api.get("/v1/tasks").json()["items"] == []
    assert api.get("/v1/events").json()["items"] == []


def test_fields_are_changed_and_cleared(holding: httpx.Client) -> None:
    task = submit(holding, name="a", labels={"x": "1"}, priority=5)
    path = f"/v1/tasks/{task['id']}"
    assert holding.patch(path, json={"name": "b"}).json()["name"] == "b"
    changed = holding.patch(path, json={"labels": {"y": "2"}, "clear": ["name"]}).json()
    assert "name" not in changed
    assert changed["labels"] == {"y": "2"}
    assert changed["priority"] == 5
    cleared = holding.patch(path, json={"clear": ["labels", "priority"]}).json()
    assert "labels" not in cleared
    assert cleared["priority"] == 0


def test_an_empty_change_changes_nothing(api: httpx.Client) -> None:
    task = wait(api, submit(api, name="a"))
    events = api.get(f"/v1/tasks/{task['id']}/events").json()
    bodies: list[Document] = [{}, {"clear": []}, {"name": None}]
    for body in bodies:
        assert api.patch(f"/v1/tasks/{task['id']}", json=body).json() == task
    assert api.get(f"/v1/tasks/{task['id']}/events").json() == events


def test_a_field_is_not_both_set_and_cleared(api: httpx.Client) -> None:
    task = submit(api, name="a")
    body = {"name": "b", "clear": ["labels", "name"]}
    response = api.patch(f"/v1/tasks/{task['id']}", json=body)
    assert response.status_code == 422
    assert [item["loc"] for item in response.json()["details"]] == ["/body/clear/1"]
    assert api.get(f"/v1/tasks/{task['id']}").json()["name"] == "a"


@pytest.mark.parametrize("body", [{"clear": ["command"]}, {"clear": ["name", "name"]}, {"x": 1}])
def test_a_change_is_checked(api: httpx.Client, body: Document) -> None:
    task = submit(api)
    response = api.patch(f"/v1/tasks/{task['id']}", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_a_running_task_is_cancelled_and_then_deleted(holding: httpx.Client) -> None:
    task = wait(holding, submit(holding), until="running")
    path = f"/v1/tasks/{task['id']}"
    assert task["status"] == "running"
    refused = holding.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "task_not_terminal")
    holding.post(f"{path}:cancel?force=true")
    ended = wait(holding, task)
    assert (ended["status"], ended["reason"]) == ("cancelled", "cancelled")
    assert holding.post(f"{path}:cancel").json() == ended
    deleted = holding.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert holding.get(path).json()["code"] == "task_not_found"
    assert holding.delete(path).json()["code"] == "task_not_found"


def test_a_queued_task_knows_its_place(holding: httpx.Client) -> None:
    everything = {"cpus": 100_000}
    first = submit(holding, **everything)
    second = submit(holding, **everything)
    third = submit(holding, priority=1, **everything)

    def place(task: Document) -> int | None:
        position: int | None = holding.get(f"/v1/tasks/{task['id']}").json().get("queue_position")
        return position

    wait(holding, first, until="running")
    assert place(first) is None
    assert place(third) is not None
    assert place(third) < place(second)  # type: ignore[operator]  # both are queued


def test_an_idempotent_create_is_answered_once_more(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    body = {"command": ["true"], "labels": {"a": "1", "b": "2"}}
    first = api.post("/v1/tasks", json=body, headers=key)
    wait(api, first.json())
    reordered = {"labels": {"b": "2", "a": "1"}, "command": ["true"], "name": None}
    for same in (body, reordered):
        again = api.post("/v1/tasks", json=same, headers=key)
        assert again.status_code == 201
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(api.get("/v1/tasks").json()["items"]) == 1


def test_an_idempotency_key_is_for_one_request(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    api.post("/v1/tasks", json={"command": ["true"]}, headers=key)
    for path, body in [
        ("/v1/tasks", {"command": ["false"]}),
        ("/v1/tasks:batch", {"tasks": [{"command": ["true"]}]}),
    ]:
        response = api.post(path, json=body, headers=key)
        assert (response.status_code, response.json()["code"]) == (409, "idempotency_conflict")
    assert len(api.get("/v1/tasks").json()["items"]) == 1


def test_an_idempotency_key_belongs_to_its_project(null_gateway: GatewayProcess) -> None:
    ids = set()
    for project in ("key-a", "key-b"):
        with null_gateway.client(project) as client:
            key = {"Idempotency-Key": f"same-{os.getpid()}"}
            ids.add(client.post("/v1/tasks", json={"command": ["a"]}, headers=key).json()["id"])
    assert len(ids) == 2


def test_a_create_that_is_sent_many_times_at_once_creates_one_task(
    null_gateway: GatewayProcess, project: str
) -> None:
    def create(_: int) -> str:
        with null_gateway.client(project) as client:
            key = {"Idempotency-Key": "race"}
            answer = client.post("/v1/tasks", json={"command": ["true"]}, headers=key)
            return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(16)))) == 1


def test_instance_types_are_listed_in_pages_and_found(api: httpx.Client) -> None:
    whole = api.get("/v1/instance_types").json()["items"]
    assert len(whole) > 2
    paged = []
    query: dict[str, str] = {"page_size": "1"}
    while True:
        page = api.get("/v1/instance_types", params=query).json()
        paged += page["items"]
        if "next_page_token" not in page:
            break
        query["page_token"] = page["next_page_token"]
    assert paged == whole
    assert api.get("/v1/instance_types?region=moon").json() == {"items": []}
    assert api.get("/v1/instance_types?max_price_per_hour=0").json()["items"] == whole
    assert {
        item.get("gpu_model")
        for item in api.get("/v1/instance_types?gpu_type=a100").json()["items"]
    } == {"a100"}
    assert api.get("/v1/instance_types?gpu_type=a100:x").json()["code"] == "invalid_gpu_request"


def test_gpus_become_instances(api: httpx.Client) -> None:
    body = {"gpu_count": 2, "gpu_type": "a100"}
    answer = api.post("/v1/instance_types:normalize", json=body).json()
    assert answer["num_instances"] == 1
    assert answer["instance_type"] == "2xa100-80gb"
    response = api.post("/v1/instance_types:normalize", json={"gpu_count": 0})
    assert response.json()["details"][0]["loc"] == "/body/gpu_count"


def test_events_tell_what_happened_newest_first(api: httpx.Client) -> None:
    task = wait(api, submit(api))
    types = ["task.completed", "task.running", "task.starting", "task.created"]
    for path in ("/v1/events", f"/v1/tasks/{task['id']}/events"):
        items = api.get(path).json()["items"]
        assert [item["type"] for item in items] == types
        first = api.get(path, params={"page_size": "3"}).json()
        token = {"page_token": first["next_page_token"]}
        assert first["items"] + api.get(path, params=token).json()["items"] == items
