"""What a Flow asks of the gateway, and what it makes of the answers; both twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from flowkit import (
    FlowError,
    InvalidRequest,
    InvalidTaskConfig,
    TaskConfig,
    TaskNotFound,
    TaskStatus,
)
from tests.unit.facade.gateway import Gateway
from tests.unit.twins import TASK_ID, URL, Twin, problem, task_document


def test_run_submits_what_it_is_given(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("POST /tasks", task_document()))
    task = flow.run("python train.py", gpu="A100:2", name="train", code=False)
    assert (task.id, task.status) == (TASK_ID, "running")
    assert gateway.bodies == [
        {"command": ["bash", "-c", "python train.py"], "gpu": ["a100:2"], "name": "train"}
    ]


def test_run_takes_a_file(twin: Twin, gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("command: [a]\ncpus: 1\n")
    flow = twin.flow(gateway.on("POST /tasks", task_document()))
    for given in (
        path,
        str(path),
        TaskConfig(command=["a"], cpus=1),
        {"command": ["a"], "cpus": 1},
    ):
        flow.run(given, cpus=2, code=False)
    assert gateway.bodies == [{"command": ["a"], "cpus": 2}] * 4


def test_a_key_of_the_callers_covers_a_submission(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(
        gateway.on("POST /tasks", task_document()).on("POST /tasks:batch", {"items": []})
    )
    flow.run("true", idempotency_key="k1", code=False)
    flow.submit("true", idempotency_key="k2", code=False)
    flow.submit_many([{"command": "true", "code": False}], idempotency_key="k3")
    assert [sent.headers["Idempotency-Key"] for sent in gateway.seen] == ["k1", "k2", "k3"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": ""}, "command is empty"),
        ({"task": 7}, "invalid command 7"),
        ({"task": None}, "no command"),
        ({"task": "true", "gpus": 1}, "no field 'gpus'"),
        ({"task": "true", "image": "ubuntu"}, "image is not supported yet"),
        ({"task": "nowhere.yaml"}, "there is no file"),
    ],
)
def test_a_wrong_task_is_not_sent(
    twin: Twin, gateway: Gateway, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidTaskConfig, match=message):
        twin.flow(gateway).run(**arguments)
    assert gateway.seen == []


def test_run_can_wait_until_the_task_runs(twin: Twin, gateway: Gateway) -> None:
    gateway.on("POST /tasks", task_document(status="pending"))
    gateway.on("GET /tasks/ID:wait", task_document(status="running"))
    assert twin.flow(gateway).run("true", wait=True, code=False).status == TaskStatus.RUNNING
    assert gateway.queries[-1]["until"] == ["running"]


def test_submit_can_wait_until_the_task_has_ended(twin: Twin, gateway: Gateway) -> None:
    gateway.on("POST /tasks", task_document(status="pending"))
    gateway.on("GET /tasks/ID:wait", task_document(status="failed", exit_code=3))
    task = twin.flow(gateway).submit(
        ["a", "b"], gpu="h200", instance_type="8xh200", wait=True, code=False
    )
    assert (task.exit_code, task.is_terminal) == (3, True)
    assert gateway.bodies == [{"command": ["a", "b"], "gpu": ["h200"], "instance_type": "8xh200"}]
    assert gateway.queries[-1]["until"] == ["terminal"]


def test_many_tasks_are_one_call(twin: Twin, gateway: Gateway) -> None:
    gateway.on("POST /tasks:batch", {"items": [task_document(), task_document()]})
    tasks = twin.flow(gateway).submit_many(
        [{"command": "a", "code": False}, {"command": ["b"], "cpus": 2, "code": False}]
    )
    assert len(tasks) == 2
    assert gateway.bodies == [
        {"tasks": [{"command": ["bash", "-c", "a"]}, {"command": ["b"], "cpus": 2}]}
    ]


def test_no_tasks_are_no_call(twin: Twin, gateway: Gateway) -> None:
    assert twin.flow(gateway).submit_many([]) == []


@pytest.mark.parametrize("tasks", [["a", ""], [["true"]] * 10_001], ids=["wrong", "too many"])
def test_many_tasks_are_all_or_none(twin: Twin, gateway: Gateway, tasks: list[Any]) -> None:
    with pytest.raises(InvalidRequest):
        twin.flow(gateway).submit_many(tasks)
    assert gateway.seen == []


def test_status_is_text(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("GET /tasks/ID", task_document(status="completed")))
    assert flow.status(TASK_ID) == "completed"
    assert f"{flow.status(TASK_ID)}" == "completed"


@pytest.mark.parametrize(
    "task_id",
    ["", "nope", "task_", TASK_ID + "x", TASK_ID.upper(), TASK_ID + "\n", "../x", 7, None],
)
@pytest.mark.parametrize("method", ["status", "get_task", "cancel", "wait_for", "logs"])
def test_what_cannot_be_an_id_is_not_asked_for(
    twin: Twin, gateway: Gateway, method: str, task_id: Any
) -> None:
    with pytest.raises(TaskNotFound, match="there is no task") as caught:
        getattr(twin.flow(gateway), method)(task_id)
    assert isinstance(caught.value, LookupError)
    assert gateway.seen == []


def test_cancel(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("POST /tasks/ID:cancel", task_document(status="cancelled")))
    assert flow.cancel(TASK_ID) is None
    assert flow.cancel(TASK_ID, force=True) is None
    assert flow.tasks.cancel(TASK_ID).status == "cancelled"
    assert gateway.queries == [{}, {"force": ["true"]}, {}]


def test_delete_and_update(twin: Twin, gateway: Gateway) -> None:
    gateway.on("DELETE /tasks/ID", httpx.Response(204))
    gateway.on("PATCH /tasks/ID", task_document(name="new"))
    flow = twin.flow(gateway)
    assert flow.tasks.delete(TASK_ID) is None
    assert flow.tasks.update(TASK_ID, name="new", priority="high", clear=["labels"]).name == "new"
    assert gateway.bodies == [{"name": "new", "priority": 100, "clear": ["labels"]}]
    with pytest.raises(InvalidRequest, match="invalid priority 'urgent'"):
        flow.tasks.update(TASK_ID, priority="urgent")


def test_the_generated_calls_go_through_the_same_client(twin: Twin, gateway: Gateway) -> None:
    from flowkit_api.api.tasks import get_task

    flow = twin.flow(gateway.on("GET /tasks/ID", problem(404, "task_not_found")))
    with pytest.raises(TaskNotFound):
        flow.api.call(get_task.request(task_id=TASK_ID), get_task.parse)


def test_a_closed_flow_says_so(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("GET /tasks/ID", task_document()))
    flow.get_task(TASK_ID)
    flow.close()
    flow.close()
    with pytest.raises(FlowError, match="this Flow is closed"):
        flow.get_task(TASK_ID)


@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": 0},
        {"timeout": "60"},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retries": True},
    ],
)
def test_a_flow_refuses_wrong_settings(arguments: dict[str, Any]) -> None:
    from flowkit import AsyncFlow, Flow

    for kind in (Flow, AsyncFlow):
        with pytest.raises(InvalidRequest):
            kind(URL, **arguments)


def test_the_key_is_not_shown() -> None:
    from flowkit import Flow

    assert repr(Flow(URL, "hunter2")) == f"<Flow {URL}>"
    assert repr(Flow()) == "<Flow embedded gateway>"
