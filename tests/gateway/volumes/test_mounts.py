"""Mounts of tasks, over HTTP."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import StartGateway, end_all_tasks
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.volumes.conftest import code_of, create, root_of
from tests.gateway.volumes.test_grants import accept, share


def submit(client: httpx.Client, *mounts: object, **settings: object) -> dict[str, Any]:
    """Submit a task with mounts, each `(target, source)` or a document."""
    response = try_to_submit(client, *mounts, **settings)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def try_to_submit(client: httpx.Client, *mounts: object, **settings: object) -> httpx.Response:
    """Submit a task with mounts that may be refused."""
    documents = [
        {"target": each[0], "source": each[1]} if isinstance(each, tuple) else each
        for each in mounts
    ]
    body = {"command": ["true"], "mounts": documents, **settings}
    return client.post("/v1/tasks", json=body)


def until(client: httpx.Client, task: dict[str, Any], until: str = "terminal") -> dict[str, Any]:
    """Wait for a task."""
    document: dict[str, Any] = client.get(
        f"/v1/tasks/{task['id']}:wait", params={"until": until, "timeout": 20}
    ).json()
    return document


def output(client: httpx.Client, task: dict[str, Any]) -> str:
    """Return what a task wrote."""
    document = client.get(f"/v1/tasks/{task['id']}/logs").json()
    return "".join(chunk["text"] for chunk in document["chunks"])


def test_a_name_becomes_an_id(api: httpx.Client) -> None:
    volume = create(api, name="datasets")
    task = submit(api, ("//data/", "volume://datasets"), ("/x", f"volume://{volume['id']}"))
    source = f"volume://{volume['id']}"
    assert task["mounts"] == [
        {"target": "/data", "source": source},
        {"target": "/x", "source": source},
    ]


@pytest.mark.parametrize(
    ("mounts", "code", "loc"),
    [
        ([("/data", "volume://nothing")], "volume_not_found", "/body/mounts/0/source"),
        ([("/data", "volume://vol_" + "0" * 26)], "volume_not_found", "/body/mounts/0/source"),
        ([("/data", "a/b")], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "volume://known/nothing")], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "volume://known/../x")], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "volume://known/out")], "invalid_mount", "/body/mounts/0/source"),
        ([("/etc/x", "volume://known")], "invalid_mount", "/body/mounts/0/target"),
        ([("/a/../b", "volume://known")], "invalid_mount", "/body/mounts/0/target"),
        ([("/a", "volume://known"), ("/a/b", "volume://known")], "invalid_mount", "/body/mounts"),
        ([("/a", "volume://known"), ("/a", "volume://known")], "invalid_mount", "/body/mounts"),
        ([("/data", "file:///tmp")], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "./here")], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "task://task_" + "0" * 26)], "invalid_mount", "/body/mounts/0/source"),
        ([("/data", "snapshot://snap_" + "a" * 26)], "snapshot_not_found", "/body/mounts/0/source"),
        (
            [{"target": "/data", "source": "s3://bucket", "create_size_gb": 1}],
            "invalid_mount",
            "/body/mounts/0/source",
        ),
        (
            [{"target": "/data", "source": "https://host/x", "read_only": False}],
            "invalid_mount",
            "/body/mounts/0/source",
        ),
        (
            [{"target": "/data", "source": "volume://known", "secret": "x"}],
            "invalid_mount",
            "/body/mounts/0/source",
        ),
        (
            [{"target": "/data", "source": "https://host/x", "secret": "nothing"}],
            "secret_not_found",
            "/body/mounts/0/source",
        ),
    ],
)
def test_a_bad_mount_is_refused_before_anything_is_created(
    api: httpx.Client, null_gateway: GatewayProcess, mounts: list[object], code: str, loc: str
) -> None:
    volume = create(api, name="known")
    (root_of(null_gateway, volume["id"]) / "out").symlink_to("/etc")
    response = try_to_submit(api, *mounts)
    assert code_of(response) == code
    assert response.json()["details"][0]["loc"] == loc
    assert api.get("/v1/tasks").json()["items"] == []
    assert len(api.get("/v1/volumes").json()["items"]) == 1
    plan = api.post("/v1/tasks:plan", json={"command": ["true"], "mounts": _documents(mounts)})
    assert plan.json()["feasible"] is False
    (check,) = [each for each in plan.json()["checks"] if each["name"] == "mounts"]
    assert check["outcome"] == "failed"
    assert check["detail"] == response.json()["detail"]


def _documents(mounts: list[object]) -> list[object]:
    return [
        {"target": each[0], "source": each[1]} if isinstance(each, tuple) else each
        for each in mounts
    ]


def test_a_plan_says_what_was_found_and_changes_nothing(api: httpx.Client) -> None:
    mounts = [{"target": "/data", "source": "volume://new", "create_size_gb": 2}]
    plan = api.post("/v1/tasks:plan", json={"command": ["true"], "mounts": mounts}).json()
    assert {"name": "mounts", "outcome": "passed", "detail": "1 found"} in plan["checks"]
    assert plan["feasible"] is True
    assert api.get("/v1/volumes").json()["items"] == []


def test_a_missing_volume_is_created_with_its_task(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    mount = {
        "target": "/data",
        "source": "volume://new",
        "create_size_gb": 3,
        "create_interface": "file",
    }
    batch = {"tasks": [{"command": ["true"], "mounts": [mount]} for _ in range(3)]}
    tasks = api.post("/v1/tasks:batch", json=batch).json()["items"]
    (volume,) = api.get("/v1/volumes").json()["items"]
    assert (volume["name"], volume["size_gb"], volume["interface"]) == ("new", 3, "file")
    assert {task["mounts"][0]["source"] for task in tasks} == {f"volume://{volume['id']}"}
    assert root_of(null_gateway, volume["id"]).is_dir()
    again = submit(api, mount)
    assert again["mounts"][0]["source"] == f"volume://{volume['id']}"


def test_a_task_that_is_refused_creates_no_volume(api: httpx.Client) -> None:
    mount = {"target": "/data", "source": "volume://new", "create_size_gb": 3}
    response = try_to_submit(api, mount, gpu=["a100:2000"])
    assert code_of(response) == "no_capacity"
    assert api.get("/v1/volumes").json()["items"] == []
    submit(api, mount)
    assert len(api.get("/v1/volumes").json()["items"]) == 1


def test_a_volume_in_use_is_not_deleted(holding: httpx.Client) -> None:
    volume = create(holding, name="datasets", interface="file")
    path = f"/v1/volumes/{volume['id']}"
    running = submit(holding, ("/data", "volume://datasets"))
    held = submit(holding, ("/data", "volume://datasets"), hold=True)
    response = holding.delete(path)
    assert code_of(response) == "volume_in_use"
    assert running["id"] in response.json()["detail"]
    assert held["id"] in response.json()["detail"]
    assert holding.get(path).json()["task_ids"] == [running["id"], held["id"]]
    assert holding.patch(path, json={"name": "renamed"}).status_code == 200
    for task in (running, held):
        holding.post(f"/v1/tasks/{task['id']}:cancel")
        until(holding, task)
    assert "task_ids" not in holding.get(path).json()
    assert holding.delete(path).status_code == 204


def test_only_what_may_be_written_is_mounted_to_write(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada, interface="file")
    accept(bob, share(ada, volume["id"], "user:bob", "ro"))
    source = f"volume://{volume['id']}"
    assert submit(bob, ("/data", source))["mounts"][0]["read_only"] is True
    wrong = {"target": "/data", "source": source, "read_only": False}
    assert code_of(try_to_submit(bob, wrong)) == "invalid_mount"
    assert "read_only" not in submit(ada, ("/data", source))["mounts"][0]


def test_a_shared_volume_is_found_by_name_where_the_name_is_clear(
    ada: httpx.Client, bob: httpx.Client
) -> None:
    name = f"shared-{uuid.uuid4().hex[:8]}"
    volume = create(ada, name=name, interface="file")
    assert code_of(try_to_submit(bob, ("/data", f"volume://{name}"))) == "volume_not_found"
    accept(bob, share(ada, volume["id"], "user:bob"))
    assert submit(bob, ("/data", name))["mounts"][0]["source"] == f"volume://{volume['id']}"
    own = create(bob, name=name, interface="file")
    assert submit(bob, ("/data", name))["mounts"][0]["source"] == f"volume://{own['id']}"


def test_a_deletion_names_no_tasks_of_others(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada, interface="file")
    accept(bob, share(ada, volume["id"], "user:bob"))
    task = submit(bob, ("/data", f"volume://{volume['id']}"))
    response = ada.delete(f"/v1/volumes/{volume['id']}")
    assert code_of(response) == "volume_in_use"
    assert task["id"] not in response.text
    assert "1 of other projects" in response.json()["detail"]
    assert "task_ids" not in ada.get(f"/v1/volumes/{volume['id']}").json()


def test_a_grant_that_is_taken_back_keeps_what_runs_and_fails_what_is_queued(
    ada: httpx.Client, bob: httpx.Client
) -> None:
    volume = create(ada, interface="file")
    grant = share(ada, volume["id"], "user:bob")
    accept(bob, grant)
    mount = ("/data", f"volume://{volume['id']}")
    running = until(bob, submit(bob, mount), "running")
    queued = submit(bob, mount, hold=True)
    assert ada.delete(f"/v1/grants/{grant['id']}").status_code == 204
    bob.post(f"/v1/tasks/{queued['id']}:release")
    ended = until(bob, queued)
    assert (ended["status"], ended["reason"]) == ("failed", "start_failed")
    assert ended["message"] == f"{volume['id']} may not be used any more"
    assert bob.get(f"/v1/tasks/{running['id']}").json()["status"] == "running"


# Volumes for tasks that are there already ----------------------------------------------------


def mount(client: httpx.Client, task: dict[str, Any], **wanted: object) -> httpx.Response:
    """Give a task another volume."""
    return client.post(f"/v1/tasks/{task['id']}:mount", json=wanted)


def test_a_queued_task_is_given_another_volume(holding: httpx.Client) -> None:
    first, second = (create(holding, name=name, interface="file") for name in ("one", "two"))
    task = submit(holding, ("/data", "one"), hold=True)
    changed = mount(holding, task, volume="two", read_only=True).json()
    assert changed["mounts"] == [
        {"target": "/data", "source": f"volume://{first['id']}"},
        {"target": "/volumes/two", "source": f"volume://{second['id']}", "read_only": True},
    ]
    assert holding.get(f"/v1/volumes/{second['id']}").json()["task_ids"] == [task["id"]]
    assert code_of(holding.delete(f"/v1/volumes/{second['id']}")) == "volume_in_use"
    events = holding.get(f"/v1/tasks/{task['id']}/events").json()["items"]
    assert events[0]["type"] == "task.updated"
    holding.post(f"/v1/tasks/{task['id']}:release")
    running = until(holding, task, "running")
    assert running["status"] == "running"
    assert code_of(mount(holding, task, volume="one", target="/x")) == "task_not_pending"


def test_a_volume_that_cannot_be_added_changes_nothing(holding: httpx.Client) -> None:
    create(holding, name="one")
    task = submit(holding, ("/data", "one"), hold=True)
    refused = {
        "volume_not_found": {"volume": "nothing"},
        "invalid_mount": {"volume": "one", "target": "/data/below"},
        "invalid_request": {"volume": "a/b"},
    }
    for code, wanted in refused.items():
        assert code_of(mount(holding, task, **wanted)) == code
    assert code_of(mount(holding, task, volume="one", target="/etc")) == "invalid_mount"
    after = holding.get(f"/v1/tasks/{task['id']}").json()
    assert after["mounts"] == task["mounts"]
    nobodys = {"id": "task_" + "0" * 26}
    assert code_of(mount(holding, nobodys, volume="one")) == "task_not_found"


# In real tasks -------------------------------------------------------------------------------


def test_two_tasks_share_a_volume(local: httpx.Client, local_gateway: GatewayProcess) -> None:
    volume = create(local, name="shared", interface="file")
    command = ["bash", "-c", 'echo "$0 in $FLOWKIT_MOUNT_DATA" > "$FLOWKIT_MOUNT_DATA/$0"']
    for name in ("one", "two"):
        task = submit(local, ("/data", "shared"), command=[*command, name])
        assert until(local, task)["status"] == "completed", output(local, task)
    root = root_of(local_gateway, volume["id"])
    assert {each.name for each in root.iterdir()} == {"one", "two"}


def test_a_part_of_a_volume_is_mounted(local: httpx.Client, local_gateway: GatewayProcess) -> None:
    volume = create(local, name="shared")
    root = root_of(local_gateway, volume["id"])
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").write_text("text")
    mounts = [
        {"target": "/part", "source": "volume://shared/a/b"},
        {"target": "/one-file", "source": "volume://shared/a/b/file"},
    ]
    command = ["bash", "-c", 'cat "$FLOWKIT_MOUNT_PART/file" "$FLOWKIT_MOUNT_ONE_FILE"']
    task = submit(local, *mounts, command=command)
    assert until(local, task)["status"] == "completed"
    assert output(local, task) == "texttext"


def test_outputs_of_a_task_are_mounted_in_the_next(local: httpx.Client) -> None:
    command = ["bash", "-c", "mkdir ck; echo 7 > ck/step"]
    first = submit(local, command=command, outputs=["ck/"])
    wanted = ("/ck", f"task://{first['id']}/ck")
    command = ["bash", "-c", 'cat "$FLOWKIT_MOUNT_CK/step"']
    second = submit(local, wanted, command=command, depends_on=[{"task": first["id"]}])
    assert until(local, second)["status"] == "completed"
    assert output(local, second) == "7\n"
    response = try_to_submit(local, ("/ck", f"task://{first['id']}/other"))
    assert code_of(response) == "invalid_mount"


def test_the_outputs_of_a_task_that_has_not_ended_are_not_mounted(holding: httpx.Client) -> None:
    task = submit(holding)
    response = try_to_submit(holding, ("/data", f"task://{task['id']}"))
    assert code_of(response) == "invalid_mount"
    assert "depends_on" in response.json()["hint"]


def test_an_embedded_gateway_mounts_files_of_its_machine(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    gateway = start_gateway("--embedded", "--idle-timeout", "60", engine="local")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    with gateway.client() as client:
        mount = ("/mine", f"file://{tmp_path}/mine")
        task = submit(client, mount, command=["bash", "-c", 'cat "$FLOWKIT_MOUNT_MINE/file"'])
        assert until(client, task)["status"] == "completed"
        assert output(client, task) == "mine"
        response = try_to_submit(client, ("/x", f"file://{tmp_path}/nothing"))
        assert code_of(response) == "invalid_mount"
        hides = try_to_submit(client, (str(tmp_path), f"file://{tmp_path}/mine"))
        assert "gateway's own files" in hides.json()["detail"]
        end_all_tasks(client)


def test_what_signs_in_is_never_in_the_task(start_gateway: StartGateway, tmp_path: Path) -> None:
    gateway = start_gateway()
    value = f"very-secret-{uuid.uuid4().hex}"
    with gateway.client() as client:
        create(client, name="datasets")
        task = submit(
            client, ("/data", "datasets"), mount_env={"AWS_SECRET_ACCESS_KEY": value}, hold=True
        )
        assert value not in client.get(f"/v1/tasks/{task['id']}").text
    gateway.kill()
    for file in gateway.data_dir.rglob("*"):
        assert file.is_dir() or value.encode() not in file.read_bytes(), file
