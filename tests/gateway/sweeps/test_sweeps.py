"""Sweeps over HTTP: what is accepted, what is told of it, and how it is ended."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Any

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.sweeps.calls import (
    cases,
    create,
    document,
    ended,
    get,
    post,
    shell,
    sweep_body,
)

NOWHERE = "sweep_" + "0" * 26


def test_a_sweep_is_told_as_it_was_asked_for(holding: httpx.Client) -> None:
    sweep = create(
        holding, shell("echo {LR}"), LR=[0.1, 0.2], task={"name": "train"}, max_parallel=1
    )
    assert sweep["task"] == {"command": shell("echo {LR}"), "name": "train"}
    assert sweep["parameters"] == [{"name": "LR", "values": ["0.1", "0.2"]}]
    assert (sweep["name"], sweep["status"], sweep["max_parallel"]) == ("train", "running", 1)
    assert (sweep["combine"], sweep["on_failure"]) == ("product", "continue")
    assert sweep["progress"]["total"] == 2
    assert get(holding, sweep)["id"] == sweep["id"]


def test_each_case_is_a_task_with_its_values(holding: httpx.Client) -> None:
    task = {"name": "train", "env": {"OUT": "runs/{LR}"}, "labels": {"team": "vision"}}
    sweep = create(holding, ["a", "{LR}", "${LR}", "{}"], task=task, LR=["0.1"], SEED=[1, 2])
    found = eventually(lambda: cases(holding, sweep, status="active")[1:])
    seen = holding.get(f"/v1/tasks/{found[0]['task_id']}").json()
    assert seen["command"] == ["a", "0.1", "${LR}", "{}"]
    assert (seen["name"], seen["labels"]) == ("train-1", {"team": "vision", "sweep": sweep["id"]})
    assert (seen["sweep_id"], seen["sweep_case"]) == (sweep["id"], 1)
    parameters = json.loads(seen["env"].pop("FLOWKIT_SWEEP_PARAMETERS"))
    assert parameters == {"LR": "0.1", "SEED": "2"} == found[0]["parameters"]
    assert seen["env"] == {
        "OUT": "runs/0.1",
        "LR": "0.1",
        "SEED": "2",
        "FLOWKIT_SWEEP_ID": sweep["id"],
        "FLOWKIT_SWEEP_CASE": "1",
    }


def test_a_zip_has_as_many_cases_as_values(api: httpx.Client) -> None:
    sweep = create(api, A=["x", "y"], B=[1, 2], combine="zip")
    assert ended(api, sweep)["status"] == "completed"
    told = [case["parameters"] for case in cases(api, sweep)]
    assert told == [{"A": "x", "B": "1"}, {"A": "y", "B": "2"}]


def test_a_thousand_cases(api: httpx.Client) -> None:
    sweep = create(api, A=range(100), B=range(10), max_parallel=50)
    done = ended(api, sweep)
    assert done["status"] == "completed"
    assert done["progress"] == {
        "total": 1000, "pending": 0, "active": 0, "completed": 1000, "failed": 0, "cancelled": 0
    }  # fmt: skip
    told = cases(api, sweep, page_size=300)
    assert [case["number"] for case in told] == list(range(1000))
    assert len({case["task_id"] for case in told}) == 1000
    assert {case["exit_code"] for case in told} == {0}


def test_no_more_cases_run_than_may(holding: httpx.Client) -> None:
    sweep = create(holding, A=range(20), max_parallel=3)
    running = eventually(lambda: cases(holding, sweep, status="active")[2:])
    assert get(holding, sweep)["progress"]["active"] == 3
    holding.post(f"/v1/tasks/{running[0]['task_id']}:cancel")
    eventually(lambda: get(holding, sweep)["progress"]["cancelled"] == 1)
    eventually(lambda: get(holding, sweep)["progress"]["active"] == 3)
    tasks = holding.get("/v1/tasks", params={"label": f"sweep={sweep['id']}"}).json()["items"]
    assert len(tasks) == 4


def test_a_cancel_ends_what_runs_and_what_has_not_begun(holding: httpx.Client) -> None:
    sweep = create(holding, A=range(10), max_parallel=2)
    eventually(lambda: get(holding, sweep)["progress"]["active"] == 2)
    stopping = post(holding, sweep, "cancel")
    assert stopping["progress"]["pending"] == 0
    assert "cancel_requested_at" in stopping
    done = ended(holding, sweep)
    assert (done["status"], done["progress"]["cancelled"]) == ("cancelled", 10)
    assert post(holding, sweep, "cancel") == done
    without_task = [case for case in cases(holding, sweep) if "task_id" not in case]
    assert [case["message"] for case in without_task] == ["cancelled before it started"] * 8


def test_the_cancelled_cases_can_be_retried(holding: httpx.Client) -> None:
    sweep = create(holding, A=range(3), max_parallel=1)
    first = eventually(lambda: cases(holding, sweep, status="active"))[0]
    post(holding, sweep, "cancel")
    ended(holding, sweep)
    again = post(holding, sweep, "retry")
    assert again["status"] == "running"
    assert "finished_at" not in again
    assert "cancel_requested_at" not in again
    second = eventually(lambda: cases(holding, sweep, status="active"))[0]
    assert (second["number"], second["attempt"]) == (0, 2)
    assert second["task_id"] != first["task_id"]
    assert holding.get(f"/v1/tasks/{first['task_id']}").json()["status"] == "cancelled"


def test_a_retry_is_refused_while_tasks_are_stopping(local: httpx.Client) -> None:
    stubborn = shell("trap '' TERM; touch $0; while :; do sleep 0.05; done")
    sweep = create(local, stubborn, A=[1])
    eventually(lambda: cases(local, sweep, status="active"))
    task_id = cases(local, sweep)[0]["task_id"]
    eventually(lambda: local.get(f"/v1/tasks/{task_id}").json()["status"] == "running")
    post(local, sweep, "cancel")
    refused = local.post(f"/v1/sweeps/{sweep['id']}:retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    local.post(f"/v1/tasks/{task_id}:cancel?force=true")
    assert ended(local, sweep)["status"] == "cancelled"


def test_a_completed_sweep_has_nothing_to_retry(api: httpx.Client) -> None:
    sweep = ended(api, create(api, A=[1]))
    assert post(api, sweep, "retry") == sweep


def test_a_sweep_that_has_ended_can_be_deleted_and_its_tasks_stay(api: httpx.Client) -> None:
    sweep = ended(api, create(api, A=[1]))
    task_id = cases(api, sweep)[0]["task_id"]
    assert api.delete(f"/v1/sweeps/{sweep['id']}").status_code == 204
    assert api.get(f"/v1/sweeps/{sweep['id']}").json()["code"] == "sweep_not_found"
    assert api.get(f"/v1/tasks/{task_id}").json()["status"] == "completed"


def test_a_sweep_that_runs_is_not_deleted(holding: httpx.Client) -> None:
    sweep = create(holding, A=[1])
    refused = holding.delete(f"/v1/sweeps/{sweep['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert refused.json()["hint"] == "cancel it first"


def test_sweeps_are_listed_newest_first(api: httpx.Client) -> None:
    made = [create(api, A=[1], task={"name": name}) for name in ("a", "b", "a")]
    ids = [sweep["id"] for sweep in reversed(made)]
    first = api.get("/v1/sweeps?page_size=2").json()
    rest = api.get("/v1/sweeps", params={"page_token": first["next_page_token"]}).json()
    assert [sweep["id"] for sweep in first["items"] + rest["items"]] == ids
    named = api.get("/v1/sweeps?name=a").json()["items"]
    assert [sweep["id"] for sweep in named] == [ids[0], ids[2]]


def test_a_repeated_create_makes_one_sweep(api: httpx.Client) -> None:
    body, headers = sweep_body(A=[1, 2]), {"Idempotency-Key": "k1"}
    first = api.post("/v1/sweeps", json=body, headers=headers)
    again = api.post("/v1/sweeps", json=body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    other = api.post("/v1/sweeps", json=sweep_body(A=[3]), headers=headers)
    assert other.json()["code"] == "idempotency_conflict"
    ended(api, document(first))
    assert len(api.get("/v1/sweeps").json()["items"]) == 1
    assert len(api.get("/v1/tasks").json()["items"]) == 2


def test_what_the_shell_of_the_caller_holds_is_not_told(api: httpx.Client) -> None:
    task = {"caller_env": {"PATH": "/bin"}, "mount_env": {"KEY": "secret-key-1"}}
    sweep = create(api, A=[1], task=task)
    assert sweep["task"] == {"command": ["true"]}
    assert "secret-key-1" not in api.get("/v1/sweeps").text


def test_variables_of_mounts_are_kept_encrypted(
    null_gateway: GatewayProcess, api: httpx.Client
) -> None:
    sweep = create(api, A=[1], task={"mount_env": {"KEY": "secret-key-2"}})
    with contextlib.closing(sqlite3.connect(null_gateway.data_dir / "flowkit.db")) as database:
        ((task, encrypted),) = database.execute(
            "SELECT task, encrypted_mount_env FROM sweep_plans WHERE sweep_id = ?", (sweep["id"],)
        )
    assert json.loads(task) == {"command": ["true"]}
    assert b"secret-key-2" not in encrypted


def test_another_project_sees_nothing_of_a_sweep(
    null_gateway: GatewayProcess, api: httpx.Client
) -> None:
    sweep = create(api, A=[1])
    with null_gateway.client("other-project") as other:
        for method, path in (
            ("GET", ""),
            ("GET", "/cases"),
            ("GET", "/cases:follow"),
            ("GET", ":wait"),
            ("POST", ":cancel"),
            ("POST", ":retry"),
            ("DELETE", ""),
        ):
            answer = other.request(method, f"/v1/sweeps/{sweep['id']}{path}")
            assert answer.json()["code"] == "sweep_not_found", path
        assert other.get("/v1/sweeps").json()["items"] == []


@pytest.mark.parametrize(
    ("settings", "code", "detail"),
    [
        ({"A": ["1"] * 101, "B": ["1"] * 100}, "invalid_sweep", "more combinations than a sweep"),
        ({"A": [1], "B": [1, 2], "combine": "zip"}, "invalid_sweep", "A has 1, B has 2"),
        ({"FLOWKIT_A": [1]}, "invalid_sweep", "cannot be called FLOWKIT_A"),
        ({"A": [1], "task": {"env": {"A": "2"}}}, "invalid_sweep", "A is set by the sweep and by"),
        ({"A": [1], "task": {"cpus": 1e5, "gpu": ["h100:9000"]}}, "no_capacity", "nothing here"),
        ({"A": [1], "task": {"gpu": ["a1000"]}}, "invalid_gpu_request", "a1000"),
        ({"A": [1], "task": {"working_dir": "nowhere"}}, "invalid_request", "nowhere"),
        ({"A": [1], "max_parallel": 0}, "invalid_request", "max_parallel must be at least 1"),
        ({"A": [1], "on_failure": "retry"}, "invalid_request", "`continue` or `stop`"),
        ({"A": []}, "invalid_request", "at least 1 item"),
        ({}, "invalid_request", "at least 1 item"),
        (
            {"A": ["x" * 4096], "command": ["{A}" * 33]},
            "invalid_sweep",
            "longer than 131072 characters with the longest values",
        ),
        (
            {f"A{'X' * place}": ["x" * 4096] for place in range(33)},
            "invalid_sweep",
            "too long together",
        ),
        (
            {"A": [1], "task": {"labels": {f"l{number}": "" for number in range(64)}}},
            "invalid_sweep",
            "no room for the label `sweep`",
        ),
    ],
)
def test_a_wrong_sweep_is_refused(
    api: httpx.Client, settings: dict[str, Any], code: str, detail: str
) -> None:
    refused = api.post("/v1/sweeps", json=sweep_body(**settings))
    assert refused.status_code == 422
    assert refused.json()["code"] == code
    assert detail in refused.json()["detail"]
    assert api.get("/v1/sweeps").json()["items"] == []
    assert api.get("/v1/tasks").json()["items"] == []


def test_a_parameter_that_is_given_twice_is_refused(api: httpx.Client) -> None:
    body = sweep_body(A=[1])
    body["parameters"] *= 2
    refused = api.post("/v1/sweeps", json=body).json()
    assert refused["details"][0]["loc"] == "/body/parameters/1/name"


def test_nobody_can_pass_a_task_off_as_a_case(api: httpx.Client) -> None:
    forged = {"command": ["true"], "sweep_id": NOWHERE, "sweep_case": 0}
    assert api.post("/v1/tasks", json=forged).json()["code"] == "invalid_request"


@pytest.mark.parametrize("sweep_id", [NOWHERE, "sweep_1", "x"])
def test_there_is_no_such_sweep(api: httpx.Client, sweep_id: str) -> None:
    answer = api.get(f"/v1/sweeps/{sweep_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "sweep_not_found")
