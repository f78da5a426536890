"""A handle shows its task and acts on it."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.unit.facade.gateway import Gateway, chunk, sse
from tests.unit.twins import TASK_ID, Twin, task_document


def test_it_shows_its_fields(twin: Twin, gateway: Gateway) -> None:
    document = task_document(
        name="train",
        env={"TOKEN": "hunter2"},
        gpu=["a100:2"],
        started_at="2026-11-20T10:00:01Z",
    )
    task = twin.flow(gateway.on("GET /tasks/ID", document)).get_task(TASK_ID)
    assert task.task_id == task.id == TASK_ID
    assert task.created_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (task.gpu, task.labels, task.env) == (["a100:2"], {}, {"TOKEN": "hunter2"})
    assert (task.exit_code, task.reason, task.finished_at) == (None, None, None)
    assert not task.is_terminal
    assert task.to_dict()["name"] == "train"


def test_its_text_is_short_and_without_secrets(twin: Twin, gateway: Gateway) -> None:
    document = task_document(name="train", env={"TOKEN": "hunter2"})
    task = twin.flow(gateway.on("GET /tasks/ID", document)).get_task(TASK_ID)
    text = repr(getattr(task, "_driven", task))
    assert text.endswith(f"Task {TASK_ID} 'train' running>")


def test_it_refreshes_cancels_and_waits(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document(status="pending"), task_document())
    gateway.on("POST /tasks/ID:cancel", task_document(cancel_requested_at="2026-11-20T10:00:00Z"))
    gateway.on("GET /tasks/ID:wait", task_document(status="cancelled", reason="cancelled"))
    task = twin.flow(gateway).get_task(TASK_ID)
    assert task.refresh().status == task.status == "running"
    assert task.cancel().cancel_requested_at is not None
    assert task.wait(timeout="1m").reason == task.reason == "cancelled"


def test_it_reads_its_output(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document())
    gateway.on("GET /tasks/ID/logs", {"chunks": [chunk(b"hi\n")], "next_offset": 3, "end": True})
    end = sse("end", 3, {"offset": 3, "status": "completed"})
    gateway.on("GET /tasks/ID/logs:follow", sse("log", 3, chunk(b"hi\n")) + end)
    task = twin.flow(gateway).get_task(TASK_ID)
    assert task.logs() == "hi\n"
    assert list(task.logs(follow=True)) == ["hi"]


def test_a_task_is_its_id(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document(status="pending"), task_document())
    flow = twin.flow(gateway)
    one, other = (
        getattr(t, "_driven", t) for t in (flow.get_task(TASK_ID), flow.get_task(TASK_ID))
    )
    assert one == other
    assert len({one, other}) == 1
    assert one != TASK_ID
