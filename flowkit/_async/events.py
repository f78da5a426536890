"""What happened, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.events import follow_events, list_events
from flowkit_api.api.tasks import follow_task_events, get_task, list_task_events
from flowkit_api.models.event import Event

from flowkit._async.paging import listed
from flowkit.errors import InvalidRequest
from flowkit.status import is_terminal
from flowkit.stream_events import document
from flowkit.task_fields import TaskFields, task_id_of

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport
    from flowkit.transport.sse import ServerSentEvent


async def events(
    api: AsyncTransport,
    task: str | TaskFields | None,
    *,
    follow: bool,
    after: int | None,
    limit: int | None,
) -> AsyncIterator[Event]:
    """Yield events: newest first, or, when following, in order as they come."""
    if after is not None and (isinstance(after, bool) or not isinstance(after, int) or after < 0):
        raise InvalidRequest(f"invalid event number {after!r}", hint="a whole number from 0 on")
    if follow and limit is not None:
        raise InvalidRequest("a limit does not go with follow", hint="stop reading instead")
    task_id = None if task is None else task_id_of(task)
    if not follow:
        async for event in _listed(api, task_id, limit=limit):
            if after is not None and event.number <= after:
                return
            yield event
        return
    if task_id is not None:
        seen = await api.call(get_task.request(task_id=task_id), get_task.parse)
        if is_terminal(seen.status):
            # All of its events are there: one that follows the last would never come.
            past = [event async for event in _listed(api, task_id, limit=None)]
            for event in reversed(past):
                if after is None or event.number > after:
                    yield event
            return
    async for event in _followed(api, task_id, after=after):
        yield event


async def _listed(
    api: AsyncTransport, task_id: str | None, *, limit: int | None
) -> AsyncIterator[Event]:
    if task_id is None:
        pages = listed(api, list_events.request, list_events.parse, limit=limit)
    else:
        request = partial(list_task_events.request, task_id=task_id)
        pages = listed(api, request, list_task_events.parse, limit=limit)
    async for event in pages:
        yield event


async def _followed(
    api: AsyncTransport, task_id: str | None, *, after: int | None
) -> AsyncIterator[Event]:
    if task_id is None:
        request = follow_events.request(after=after)
    else:
        request = follow_task_events.request(task_id=task_id, after=after)
    async for raw in api.events(request, is_last=_is_end if task_id else _is_never_last):
        yield document(raw, Event)


def _is_end(raw: ServerSentEvent) -> bool:
    status = document(raw, Event).status
    return status is not None and is_terminal(status)


def _is_never_last(raw: ServerSentEvent) -> bool:
    return False
