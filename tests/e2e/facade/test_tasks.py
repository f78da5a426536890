"""What people do with a Flow, on a real gateway."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from flowkit import (
    AsyncFlow,
    Client,
    Flow,
    IdempotencyConflict,
    InvalidRequest,
    InvalidTaskConfig,
    NoCapacity,
    TaskConfig,
    TaskNotFound,
    TaskNotTerminal,
    TaskStatus,
    UnsupportedByEngine,
    WaitTimeout,
)

UNKNOWN = "task_00000000000000000000000000"


def test_a_task_from_end_to_end(flow: Flow) -> None:
    task = flow.run("echo out; echo err >&2; exit 7", gpu="a100:2", name="train")
    assert task.wait(timeout="1m").exit_code == 7
    assert (task.status, task.reason, task.name, task.gpu) == (
        "failed",
        "exited",
        "train",
        ["a100:2"],
    )
    assert task.started_at is not None
    assert task.finished_at is not None
    assert task.created_at <= task.started_at <= task.finished_at
    assert sorted(task.logs().splitlines()) == ["err", "out"]
    assert flow.logs(task.id, stderr=True) == "err\n"
    assert flow.logs(task.id, stream="stdout") == "out\n"


def test_the_seeds_examples(flow: Flow) -> None:
    task = flow.run("echo python train.py --epochs 10", instance_type="a100", wait=True)
    cfg = TaskConfig(
        name="train",
        instance_type="4xa100",
        command=["echo", "--nproc_per_node=4", "train.py"],
        max_price_per_hour=12.0,
    )
    flow.run(cfg).wait()
    cfg = TaskConfig(name="infer", min_gpu_memory_gb=40, command="echo serve")
    flow.run(cfg).wait()
    task_id = flow.submit("echo ERROR", gpu="a100", wait=True).id
    assert flow.logs(task_id, tail=50) == "ERROR\n"
    for line in flow.logs(task_id, follow=True):
        if "ERROR" in line:
            break
    assert [t.name for t in flow.list_tasks(status=TaskStatus.COMPLETED)][1:3] == ["infer", "train"]
    assert flow.get_task(task.id).status == "completed"
    assert 0 < len(flow.find_instances({"gpu_type": "a100", "max_price": 8.0}, limit=5)) <= 5


def test_it_runs_in_the_callers_place(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/some/venv")
    monkeypatch.setenv("SECRET", "hunter2")
    task = flow.submit(
        "pwd; echo $VIRTUAL_ENV; echo ${SECRET-none}; echo $GIVEN", wait=True, env={"GIVEN": "x"}
    )
    assert task.logs().splitlines() == [str(tmp_path), "/some/venv", "none", "x"]
    sub = tmp_path / "sub"
    sub.mkdir()
    assert flow.submit("pwd", working_dir="sub", wait=True).logs() == f"{sub}\n"
    with pytest.raises(InvalidTaskConfig, match="does not exist"):
        flow.run("pwd", working_dir="nowhere")


def test_many_tasks(flow: Flow) -> None:
    tasks = flow.submit_many(
        [{"command": ["echo", str(n)], "labels": {"n": str(n)}} for n in range(20)]
    )
    assert [task.wait().exit_code for task in tasks] == [0] * 20
    assert [task.logs() for task in tasks] == [f"{n}\n" for n in range(20)]
    assert len(list(flow.tasks.list())) == 20
    assert [task.id for task in flow.list_tasks(labels={"n": "7"})] == [tasks[7].id]


def test_all_or_none(flow: Flow) -> None:
    with pytest.raises(NoCapacity):
        flow.submit_many(["true", {"command": "true", "cpus": 100_000}])
    assert flow.list_tasks() == []


def test_a_key_makes_a_submission_safe_to_repeat(flow: Flow) -> None:
    first = flow.run("true", idempotency_key="once")
    assert flow.run("true", idempotency_key="once") == first
    with pytest.raises(IdempotencyConflict):
        flow.run("false", idempotency_key="once")


def test_a_wait_ends_when_the_task_does(flow: Flow) -> None:
    task = flow.run("sleep 0.2")
    assert task.wait().exit_code == 0
    returned = time.time()
    assert task.finished_at is not None
    assert returned - task.finished_at.timestamp() < 0.5


def test_a_wait_that_is_over_cancels_nothing(flow: Flow) -> None:
    task = flow.run("sleep 60", wait=True)
    with pytest.raises(WaitTimeout):
        task.wait(timeout=0.1)
    assert flow.status(task.id) == "running"
    task.cancel(force=True)
    assert task.wait().reason == "cancelled"


def test_lines_come_while_the_task_runs(flow: Flow, tmp_path: Path) -> None:
    task = flow.run(f"echo -n 'one\ntw'; until [ -e {tmp_path}/go ]; do sleep 0.01; done; echo o")
    lines = flow.logs(task.id, follow=True)
    assert next(lines) == "one"
    (tmp_path / "go").touch()
    assert list(lines) == ["two"]


def test_bytes_are_those_of_the_task(flow: Flow, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "data").write_bytes(data)
    task = flow.submit("cat data", wait=True)
    for follow in (False, True):
        assert b"".join(part for _, part in flow.tasks.log_chunks(task, follow=follow)) == data


def test_the_output_of_several_machines_is_read_by_machine(flow: Flow) -> None:
    script = "echo node $FLOWKIT_NODE_RANK; printf end"
    task = flow.submit(script, num_instances=2, cpus=0.2, wait=True)
    assert (task.logs(), task.logs(node=1)) == ("node 0\nend", "node 1\nend")
    assert task.logs(node="all") == "[0] node 0\n[0] end\n[1] node 1\n[1] end\n"
    assert task.logs(node="all", tail=1) == "[0] end\n[1] end\n"
    followed = list(task.logs(node="all", follow=True))
    assert sorted(followed) == ["[0] end", "[0] node 0", "[1] end", "[1] node 1"]
    with pytest.raises(InvalidRequest, match="invalid node 'both'"):
        flow.logs(task, node="both")  # type: ignore[call-overload]  # what is to be refused


def test_errors_are_typed(flow: Flow) -> None:
    with pytest.raises(TaskNotFound, match=f"there is no task {UNKNOWN}"):
        flow.get_task(UNKNOWN)
    with pytest.raises(UnsupportedByEngine):
        flow.run("true", num_instances=1000)
    with pytest.raises(NoCapacity):
        flow.run("true", gpu="a100:64")
    task = flow.run("sleep 60")
    with pytest.raises(TaskNotTerminal):
        flow.tasks.delete(task)


def test_a_task_can_be_changed_and_deleted(flow: Flow) -> None:
    task = flow.submit("true", name="old", wait=True)
    assert flow.tasks.update(task, name="new", labels={"a": "b"}).labels == {"a": "b"}
    assert flow.tasks.update(task, clear=["name"]).name is None
    flow.tasks.delete(task)
    with pytest.raises(TaskNotFound):
        task.refresh()


def test_events_tell_the_story(flow: Flow) -> None:
    task = flow.run("exit 3")
    story = [event.type for event in flow.events(task.id, follow=True)]
    assert story == ["task.created", "task.starting", "task.running", "task.failed"]
    assert [event.type for event in flow.events(task.id)] == story[::-1]
    assert next(iter(flow.events(limit=1))).exit_code == 3


def test_plan_creates_nothing(flow: Flow) -> None:
    plan = flow.plan("true", gpu="h100:2")
    assert plan.feasible
    assert plan.checks
    assert flow.list_tasks() == []


def test_the_smaller_face(flow: Flow) -> None:
    with Client() as client:
        task = client.run("echo hi", gpu="a100", cpus=1, memory_gb=1, wait=True)
        assert task.logs() == "hi\n"
        assert client.status(task.id)[0].status == "completed"
        assert client.cancel(task.id) is False


async def test_the_asynchronous_twin(flow: Flow) -> None:
    async with AsyncFlow() as other:
        tasks = await other.submit_many([["echo", str(n)] for n in range(10)])
        ended = await asyncio.gather(*(other.wait_for(task) for task in tasks))
        assert [task.exit_code for task in ended] == [0] * 10
        assert [await other.logs(task) for task in tasks] == [f"{n}\n" for n in range(10)]
        assert [line async for line in other.logs(tasks[0].id, follow=True)] == ["0"]
        assert len([task async for task in other.tasks.list()]) == 10


async def test_a_cancelled_wait_leaves_the_client_usable(flow: Flow) -> None:
    async with AsyncFlow() as other:
        task = await other.run("sleep 60")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.wait_for(task), 0.2)
        assert not (await other.get_task(task.id)).is_terminal
