"""What happened in a project."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from flowkit_gateway.call import Answer, Call, Gateway, Stream
from flowkit_gateway.documents import event_document
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.server_sent_events import event, mark, resume_from
from flowkit_gateway.store.rows import TERMINAL, EventRow

_NUMBER = re.compile(r"[0-9]{1,16}")
_BATCH = 500


async def list_events(call: Call) -> Answer:
    """Answer a page of the project's events."""
    return event_page(call, None)


async def follow_events(call: Call) -> Stream:
    """Stream the project's events."""
    number = resume_from(call, "after")
    if number is not None:
        return Stream(_project_events(call.gateway, call.project, number))
    number = call.gateway.store.last_event_number(call.project)
    # A client that is cut off before the first event resumes here, and misses none.
    return Stream(_project_events(call.gateway, call.project, number, first=mark(number)))


def event_page(call: Call, task_id: str | None) -> Answer:
    """Answer a page of events, of one task or of all."""
    size = page_size(call)
    before = last_seen(call, _NUMBER)
    rows = call.gateway.store.list_events(
        call.project,
        task_id=task_id,
        before=None if before is None else int(before),
        limit=size + 1,
    )
    return Answer(200, page_document(rows, size, event_document, lambda row: str(row.number)))


async def task_events(
    gateway: Gateway, project: str, task_id: str, number: int
) -> AsyncGenerator[bytes, None]:
    """Yield the events of a task after `number`, up to the one of its end."""
    with gateway.changes.task(task_id) as waiter:
        while True:
            # Read before its events: once this says that the task has ended, they are complete.
            task = gateway.store.get_task(project, task_id)
            rows = gateway.store.events_after(project, number, task_id=task_id, limit=_BATCH)
            for row in rows:
                number = row.number
                yield _sent(row)
                if row.status in TERMINAL:
                    return
            if len(rows) == _BATCH:
                continue
            if task is None or task.terminal:
                # Its end was sent before: the client resumes a stream that it has seen whole.
                return
            await waiter.wait()


async def _project_events(
    gateway: Gateway, project: str, number: int, *, first: bytes = b""
) -> AsyncGenerator[bytes, None]:
    if first:
        yield first
    with gateway.changes.project(project) as waiter:
        while True:
            rows = gateway.store.events_after(project, number, limit=_BATCH)
            for row in rows:
                number = row.number
                yield _sent(row)
            if len(rows) < _BATCH:
                await waiter.wait()


def _sent(row: EventRow) -> bytes:
    return event(row.type, row.number, event_document(row))
