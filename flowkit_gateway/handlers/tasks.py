"""Commands that run on machines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from flowkit_gateway.call import Answer, Call, Stream
from flowkit_gateway.creates import created_answer, idempotency_key
from flowkit_gateway.documents import attempt_document, task_document
from flowkit_gateway.handlers.events import event_page, task_events
from flowkit_gateway.handlers.logs import follow_task_logs, get_task_logs
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.patches import changes_of
from flowkit_gateway.server_sent_events import resume_from
from flowkit_gateway.store.attempts import AttemptRow
from flowkit_gateway.store.rows import TaskChanges, TaskRow

__all__ = [
    "cancel_task",
    "create_task",
    "create_tasks",
    "delete_task",
    "follow_task_events",
    "follow_task_logs",
    "get_task",
    "get_task_logs",
    "hold_task",
    "list_task_attempts",
    "list_task_events",
    "list_tasks",
    "mount_volume",
    "plan_task",
    "release_task",
    "update_task",
    "wait_task",
]

DEFAULT_WAIT_SECONDS = 30.0
_TASK_ID = re.compile(r"task_[0-9a-z]{26}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_HAS_RUN = frozenset({"running", "preempting", "paused"})
_encode = msgspec.json.Encoder().encode


async def create_task(call: Call) -> Answer:
    """Accept a task."""
    return await _create(
        call,
        tasks=[call.body],
        locs=["/body"],
        answer=lambda rows: _encode(task_document(rows[0], None)),
    )


async def create_tasks(call: Call) -> Answer:
    """Accept many tasks, all or none."""
    tasks = call.body["tasks"]
    return await _create(
        call,
        tasks=tasks,
        locs=[f"/body/tasks/{number}" for number in range(len(tasks))],
        answer=lambda rows: _encode({"items": [task_document(row, None) for row in rows]}),
    )


async def plan_task(call: Call) -> Answer:
    """Answer what would be chosen for a task."""
    return Answer(200, await call.gateway.scheduler.plan(call.principal, call.body))


async def get_task(call: Call) -> Answer:
    """Answer one task."""
    return _answer(call, call.task())


async def list_tasks(call: Call) -> Answer:
    """Answer a page of tasks, newest first."""
    size = page_size(call)
    rows = call.gateway.store.list_tasks(
        call.project,
        statuses=call.texts("status"),
        name=call.text("name"),
        labels=call.texts("label"),
        before=last_seen(call, _TASK_ID),
        limit=size + 1,
    )
    return Answer(200, page_document(rows, size, lambda row: _document(call, row), _task_id))


async def update_task(call: Call) -> Answer:
    """Change what the body names, and clear what its `clear` names."""
    row = call.task()
    changes = cast(
        "TaskChanges", changes_of(call.body, cleared={"name": None, "labels": {}, "priority": 0})
    )
    if not changes:
        return _answer(call, row)
    changed = await call.gateway.scheduler.update(call.project, row.id, changes)
    return _answer(call, changed)


async def delete_task(call: Call) -> Answer:
    """Delete a task that has ended."""
    await call.gateway.scheduler.delete(call.project, call.path["task_id"])
    return Answer(204)


async def cancel_task(call: Call) -> Answer:
    """Ask for a task's end."""
    row = await call.gateway.scheduler.cancel(
        call.project, call.path["task_id"], force=call.flag("force")
    )
    return _answer(call, row)


async def mount_volume(call: Call) -> Answer:
    """Give a task that has not started another volume."""
    gateway = call.gateway
    change = await gateway.mounts.added(call.principal, call.task(), call.body)
    row = await gateway.scheduler.change_settings(call.project, call.path["task_id"], change)
    return _answer(call, row)


async def hold_task(call: Call) -> Answer:
    """Keep a queued task from starting."""
    return _answer(call, await call.gateway.scheduler.hold(call.project, call.path["task_id"]))


async def release_task(call: Call) -> Answer:
    """Let a task start that is held."""
    return _answer(call, await call.gateway.scheduler.release(call.project, call.path["task_id"]))


async def list_task_attempts(call: Call) -> Answer:
    """Answer a page of a task's attempts, newest first."""
    row = call.task()
    size = page_size(call)
    token = last_seen(call, _NUMBER)
    before = row.attempt + 1 if token is None else int(token)
    attempts = call.gateway.store.attempts.of(row.id, before=before, limit=size + 1)
    # Between two attempts the newest is among the earlier ones already.
    if row.attempt and before > row.attempt and row.attempt not in (a.number for a in attempts):
        attempts = [AttemptRow.newest(row), *attempts]
    return Answer(
        200, page_document(attempts, size, attempt_document, lambda attempt: str(attempt.number))
    )


async def wait_task(call: Call) -> Answer:
    """Answer once the task is where the caller wants it, or the time is over."""
    row = call.task()
    timeout = call.number("timeout")
    if timeout is None:
        timeout = DEFAULT_WAIT_SECONDS
    if _reached(call, row) or timeout == 0:
        return _answer(call, row)
    await call.hold(_wait(call, timeout))
    return _answer(call, call.task())


async def list_task_events(call: Call) -> Answer:
    """Answer a page of a task's events."""
    return event_page(call, call.task().id)


async def follow_task_events(call: Call) -> Stream:
    """Stream a task's events."""
    number = resume_from(call, "after") or 0
    return Stream(task_events(call.gateway, call.project, call.task().id, number))


async def _create(
    call: Call,
    *,
    tasks: Sequence[Mapping[str, object]],
    locs: Sequence[str],
    answer: Callable[[Sequence[TaskRow]], bytes],
) -> Answer:
    created = await call.gateway.scheduler.submit(
        call.principal,
        tasks,
        idempotency_key(call),
        answer=answer,
        locs=locs,
    )
    return created_answer(created)


async def _wait(call: Call, timeout: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    with call.gateway.changes.task(call.path["task_id"]) as waiter:
        while not _reached(call, call.task()):
            if not await waiter.wait(deadline - loop.time()):
                return


def _reached(call: Call, row: TaskRow) -> bool:
    return row.terminal or (call.text("until") == "running" and row.status in _HAS_RUN)


def _answer(call: Call, row: TaskRow) -> Answer:
    return Answer(200, _document(call, row))


def _document(call: Call, row: TaskRow) -> dict[str, object]:
    if row.status != "pending":
        return task_document(row, None)
    scheduler = call.gateway.scheduler
    return task_document(row, scheduler.queue_position(row.id), scheduler.waiting_for(row))


def _task_id(row: TaskRow) -> str:
    return row.id
