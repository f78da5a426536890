"""What a type checker says of flowkit. Never run: `make lint` checks it with `mypy --strict`.

A line that must not pass carries an ignore, which mypy itself refuses once the line passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import assert_type

from flowkit_api.models import Event, InstanceType, Server

import flowkit
from flowkit import (
    AvailableInstance,
    Client,
    Flow,
    FlowError,
    GPURequest,
    InstanceRequirements,
    Task,
    TaskConfig,
    TaskPlan,
    TaskReason,
    TaskStatus,
    WaitTimeout,
)


def submitting(flow: Flow) -> None:
    assert_type(flow.run("true"), Task)
    assert_type(flow.run(["true"], gpu="a100:2", wait=True), Task)
    assert_type(flow.run(Path("task.yaml"), cpus=2), Task)
    assert_type(flow.run({"command": "true"}), Task)
    assert_type(flow.run(TaskConfig(command="true", gpu=[GPURequest.parse("h100"), 2])), Task)
    assert_type(flow.submit("true", gpu="a100", wait=True), Task)
    assert_type(flow.submit_many(["true", ["true"], TaskConfig(command="true")]), list[Task])
    assert_type(flow.plan("true"), TaskPlan)
    flow.run(7)  # type: ignore[arg-type]  # a number is no task
    flow.run("true", True)  # type: ignore[call-arg]  # keyword only
    TaskConfig(comand="true")  # type: ignore[call-arg]  # mistyped
    TaskConfig("true")  # type: ignore[call-arg]  # keyword only


def waiting(flow: Flow, task: Task) -> None:
    assert_type(flow.wait_for(task), Task)
    assert_type(flow.wait_for(task.id, until="running", timeout="10m"), Task)
    assert_type(task.wait(timeout=5), Task)
    assert_type(task.refresh(), Task)
    assert_type(task.cancel(force=True), Task)
    flow.wait_for(task, until="done")  # type: ignore[arg-type]  # not a state to wait for
    try:
        task.wait()
    except WaitTimeout as error:
        assert_type(error.hint, str | None)
    except FlowError as error:
        assert_type(error.code, str)


def reading(flow: Flow, task: Task, follow: bool) -> None:
    assert_type(flow.logs(task.id), str)
    assert_type(flow.logs(task.id, follow=True), Iterator[str])
    assert_type(flow.logs(task.id, follow=follow), str | Iterator[str])
    assert_type(task.logs(tail=5, since=datetime.now()), str)
    assert_type(task.logs(follow=True, stream="stderr"), Iterator[str])
    assert_type(flow.tasks.log_chunks(task), Iterator[tuple[str, bytes]])
    assert_type(flow.events(task.id, follow=True), Iterator[Event])


def looking(flow: Flow, task: Task) -> None:
    assert_type(flow.get_task(task.id), Task)
    assert_type(flow.list_tasks(TaskStatus.RUNNING, 5), list[Task])
    assert_type(flow.list_tasks(status=["running", TaskStatus.FAILED], limit=None), list[Task])
    assert_type(flow.tasks.list(labels={"team": None}), Iterator[Task])
    assert_type(flow.status(task.id), TaskStatus)
    assert_type(flow.server(), Server)
    assert_type(flow.find_instances({"gpu_type": "a100"}), list[InstanceType])
    assert_type(flow.find_instances(InstanceRequirements(region="eu"))[0], AvailableInstance)
    assert_type(flow.normalize_instance_request(3, "h200"), tuple[str, int, str | None])


def fields(task: Task) -> None:
    assert_type(task.id, str)
    assert_type(task.status, TaskStatus)
    assert_type(task.reason, TaskReason | None)
    assert_type(task.exit_code, int | None)
    assert_type(task.created_at, datetime)
    assert_type(task.started_at, datetime | None)
    assert_type(task.labels, dict[str, str])
    assert_type(task.is_terminal, bool)
    _ = task.exit_kode  # type: ignore[attr-defined]  # mistyped


def the_smaller_face() -> None:
    with Client(api_url="http://127.0.0.1:8765", api_key="key") as client:
        assert_type(client.run("true", gpu="a100", cpus=2, memory_gb=8, wait=True), Task)
        assert_type(client.status(), list[Task])
        assert_type(client.cancel("task", force=True), bool)


def names() -> None:
    assert_type(flowkit.__version__, str)
    _ = flowkit.Flwo  # type: ignore[attr-defined]  # mistyped
