"""Workspaces that are not needed any more, and those that still are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway, end_all_tasks
from tests.gateway.gateway_process import GatewayProcess

Document = dict[str, Any]
SCRIPT = "mkdir -p deep/er && printf 12345 > deep/er/file && printf 123 > file && echo done"


def collect(api: httpx.Client, **document: Any) -> Document:
    """Collect garbage and return the report."""
    response = api.post("/v1/server:collect_garbage", json=document)
    assert response.status_code == 200, response.text
    report: Document = response.json()
    return report


def finished(api: httpx.Client, script: str = SCRIPT, **settings: Any) -> str:
    """Run a task to its end and return its id."""
    task = api.post("/v1/tasks", json={"command": ["sh", "-c", script], **settings}).json()
    ended: Document = api.get(f"/v1/tasks/{task['id']}:wait?timeout=20").json()
    assert "finished_at" in ended
    return str(task["id"])


def workspace(gateway: GatewayProcess, task_id: str) -> Path:
    return gateway.data_dir / "tasks" / task_id / "1" / "workspace"


def test_a_dry_run_names_what_would_go_with_its_size_and_removes_nothing(
    local_gateway: GatewayProcess, local: httpx.Client
) -> None:
    task = finished(local)
    finished_at = local.get(f"/v1/tasks/{task}").json()["finished_at"]
    report = collect(local, dry_run=True, older_than=0)
    item = {"kind": "workspace", "name": task, "size_bytes": 8, "used_at": finished_at}
    assert report == {"dry_run": True, "items": [item], "size_bytes": 8}
    assert workspace(local_gateway, task).is_dir()


def test_only_the_workspace_goes_and_once(
    local_gateway: GatewayProcess, local: httpx.Client
) -> None:
    task = finished(local)
    run_dir = workspace(local_gateway, task).parent
    before = set(os.listdir(run_dir))
    report = collect(local, older_than=0)
    assert [item["name"] for item in report["items"]] == [task]
    assert before - set(os.listdir(run_dir)) == {"workspace"}
    assert local.get(f"/v1/tasks/{task}/logs").json()["chunks"][0]["text"] == "done\n"
    assert collect(local, older_than=0) == {"dry_run": False, "items": [], "size_bytes": 0}
    assert local.delete(f"/v1/tasks/{task}").status_code == 204
    eventually(lambda: os.listdir(local_gateway.data_dir / "trash") == [])


def test_what_a_task_uses_stays(local_gateway: GatewayProcess, local: httpx.Client) -> None:
    task = local.post("/v1/tasks", json={"command": ["sleep", "60"]}).json()["id"]
    local.get(f"/v1/tasks/{task}:wait?until=running&timeout=20")
    eventually(workspace(local_gateway, task).is_dir)
    assert collect(local, older_than=0)["items"] == []
    assert workspace(local_gateway, task).is_dir()


def test_what_is_young_stays_and_so_does_what_is_of_another_kind(local: httpx.Client) -> None:
    finished(local)
    assert collect(local)["items"] == []
    assert collect(local, older_than=3600)["items"] == []
    assert collect(local, older_than=0, kinds=["cache", "upload"])["items"] == []
    assert len(collect(local, older_than=0, kinds=["workspace"])["items"]) == 1


def test_a_project_collects_its_own(
    local_gateway: GatewayProcess, local: httpx.Client, project: str
) -> None:
    task = finished(local)
    with local_gateway.client(f"{project}-other") as other:
        assert collect(other, older_than=0)["items"] == []
    assert workspace(local_gateway, task).is_dir()


@pytest.mark.parametrize(
    "document", [{"older_than": -1}, {"kinds": ["logs"]}, {"kinds": "workspace"}, {"dry": True}]
)
def test_what_cannot_be_asked_for(api: httpx.Client, document: Document) -> None:
    response = api.post("/v1/server:collect_garbage", json=document)
    assert response.json()["code"] == "invalid_request"


def test_links_lead_nowhere_and_rights_that_were_taken_hold_nothing_up(
    local_gateway: GatewayProcess, local: httpx.Client, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x" * 1000)
    task = finished(
        local, f"ln -s {precious} link; ln -s {precious}/file file; mkdir -p a/b; chmod 0 a/b a ."
    )
    report = collect(local, older_than=0)
    assert [item["name"] for item in report["items"]] == [task]
    assert report["size_bytes"] < 1000
    eventually(lambda: os.listdir(local_gateway.data_dir / "trash") == [])
    assert (precious / "file").read_text() == "x" * 1000


def test_old_things_go_by_themselves_when_a_gateway_starts(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--gc-age", "workspace=1s", engine="local")
    with gateway.client() as api:
        task = finished(api)
        assert workspace(gateway, task).is_dir()
    # Two seconds later by the clock that ages are counted by.
    with gateway.client() as api:
        eventually(lambda: collect(api, dry_run=True)["items"])
    gateway.kill()
    gateway.start()
    eventually(lambda: not workspace(gateway, task).exists())
    assert f"removed the workspace {task}" in gateway.log


def test_a_gateway_that_is_killed_while_it_removes_leaves_the_rest_to_the_next(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(engine="local")
    with gateway.client() as api:
        script = "for d in $(seq 40); do mkdir $d; for f in $(seq 100); do : > $d/$f; done; done"
        task = finished(api, script)
        collect(api, older_than=0)
        gateway.kill()
    assert not workspace(gateway, task).exists()
    gateway.start()
    eventually(lambda: os.listdir(gateway.data_dir / "trash") == [])
    with gateway.client() as api:
        assert collect(api, older_than=0)["items"] == []


def test_tasks_that_are_submitted_meanwhile_lose_nothing(local: httpx.Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    script = "echo x > file; for i in 1 2 3 4 5; do cat file > copy || exit 3; done"
    document = {"tasks": [{"command": ["sh", "-c", script]} for _ in range(20)]}
    with ThreadPoolExecutor(1) as beside:
        submitted = beside.submit(local.post, "/v1/tasks:batch", json=document)
        while not submitted.done():
            collect(local, older_than=0)
        tasks = [task["id"] for task in submitted.result().json()["items"]]
        for task in tasks:
            waiting = beside.submit(local.get, f"/v1/tasks/{task}:wait?timeout=20")
            while not waiting.done():
                collect(local, older_than=0)
            assert waiting.result().json()["status"] == "completed"
    end_all_tasks(local)


def test_deleting_a_task_and_collecting_at_once_both_work(local: httpx.Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    tasks = [finished(local) for _ in range(8)]
    with ThreadPoolExecutor(2) as both:
        deleted = [both.submit(local.delete, f"/v1/tasks/{task}") for task in tasks]
        while not all(each.done() for each in deleted):
            collect(local, older_than=0)
        assert {each.result().status_code for each in deleted} == {204}


def test_the_home_of_a_task_with_its_secrets_goes_when_it_ends(
    local_gateway: GatewayProcess, local: httpx.Client
) -> None:
    local.post("/v1/secrets", json={"name": "TOKEN", "value": "s3cret"})
    secrets = [{"name": "TOKEN", "file": ".token"}]
    task = finished(local, 'cat "$HOME/.token"', secrets=secrets)
    assert local.get(f"/v1/tasks/{task}/logs").json()["chunks"][0]["text"] == "s3cret"
    assert "home" not in os.listdir(workspace(local_gateway, task).parent)
