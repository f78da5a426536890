"""What tasks write to stdout and stderr.

Where reading starts: at `offset` when it is given; else at the later one of where `tail` and
`since` point to, so that `tail=100&since=…` is at most 100 lines and nothing older.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import cast

from flowkit_gateway.call import Answer, Call, Stream
from flowkit_gateway.contract import invalid
from flowkit_gateway.instants import instant
from flowkit_gateway.logs.chunks import Encoded, encode
from flowkit_gateway.logs.follow_nodes import follow_nodes
from flowkit_gateway.logs.reader import AttemptLog, View
from flowkit_gateway.problems import Detail, NotFound
from flowkit_gateway.server_sent_events import event, mark
from flowkit_gateway.store.rows import TaskRow

DEFAULT_MAX_BYTES = 1024 * 1024
_MOST_FOLLOWED = 64
"""Nodes: each is watched on its own, and has its place in the id of each event."""


async def get_task_logs(call: Call) -> Answer:
    """Answer a part of a task's output."""
    row = call.task()
    since = _since(call)
    number = _attempt_number(call, row)
    log = call.gateway.scheduler.log(row, number, _node(call, row))
    if log is None:
        offset = call.integer("offset") or 0
        return _page([], offset, end=row.terminal)
    # The row was read before the files: what is not there after the end will never be.
    log.complete = over = _is_over(call, row, number)
    view = _view(call)
    offset = await _start(call, log, view, call.integer("offset"), since)
    chunks = log.read(view, offset, call.integer("max_bytes") or DEFAULT_MAX_BYTES)
    read_to = chunks[-1].offset + len(chunks[-1].data) if chunks else offset
    all_read = not log.read(view, read_to, 1)
    end = over and all_read
    encoded = encode(chunks, offset, more=not end)
    if chunks and not encoded.chunks and not all_read:
        # So few bytes were asked for that they are a part of one character.
        encoded = encode(chunks, offset, more=False)
    return _page(encoded.chunks, encoded.next_offset, end=end)


async def follow_task_logs(call: Call) -> Stream:
    """Stream a task's output until the task has ended; one that has not begun is waited for."""
    row = call.task()
    _attempt_number(call, row)
    nodes = _nodes(call, row)
    return Stream(_follow(call, nodes, _resumed_from(call, nodes), _since(call)))


async def _follow(
    call: Call, nodes: Sequence[int], offsets: list[int] | None, since: datetime | None
) -> AsyncGenerator[bytes, None]:
    view = _view(call)
    while True:
        row = await _begun(call)
        number = _attempt_number(call, row) if row else 0
        logs = _logs(call, row, number, nodes) if row and number else None
        if row is None or logs is None:
            break
        if offsets is None:
            offsets = [await _start(call, log, view, None, since) for log in logs]
            # A client that is cut off before the first chunk resumes here, not at a later tail.
            yield mark(_joined(offsets))
        async with aclosing(_attempt(call, number, logs, view, offsets)) as slices:
            async for place, encoded in slices:
                yield _events(call, nodes, offsets, place, encoded)
                offsets[place] = encoded.next_offset
        row = _find(call)
        if row is None or _is_over(call, row, number):
            break
        # The attempt was never really started, and another one takes its place.
    if row is not None:
        offsets = offsets or [0] * len(nodes)
        end: dict[str, object] = {"offset": sum(offsets), "status": row.status}
        if number:
            end["attempt"] = number
        yield event("end", _joined(offsets), end)


def _logs(call: Call, row: TaskRow, number: int, nodes: Sequence[int]) -> list[AttemptLog]:
    found = (call.gateway.scheduler.log(row, number, node) for node in nodes)
    logs = [log for log in found if log is not None]
    for log in logs:
        log.complete = _is_over(call, row, number)
    return logs


def _nodes(call: Call, row: TaskRow) -> Sequence[int]:
    """Return which nodes are asked for.

    Raises:
        NotFound: the task has fewer.
        InvalidRequest: all of them are asked for, and they are too many, or just one too.
    """
    if not call.flag("all_nodes"):
        return [_node(call, row)]
    if call.integer("node") is not None:
        raise invalid([Detail("/query/node", "does not go with all_nodes")])
    nodes = cast("int", row.settings.get("num_instances") or 1)
    if nodes > _MOST_FOLLOWED:
        message = f"the task has {nodes} nodes, and {_MOST_FOLLOWED} can be followed at once"
        raise invalid([Detail("/query/all_nodes", message, "name one by node")])
    return range(nodes)


def _resumed_from(call: Call, nodes: Sequence[int]) -> list[int] | None:
    """Return where the output of each node is to begin, or None when the client did not say.

    Raises:
        InvalidRequest: it does not fit the nodes that are asked for.
    """
    last = call.header("Last-Event-ID")
    if last is None:
        offset = call.integer("offset")
        if offset is not None and len(nodes) > 1:
            raise invalid([Detail("/query/offset", "goes with one node only")])
        return None if offset is None else [offset]
    offsets = [int(offset) for offset in last.split(".")]
    if len(offsets) != len(nodes):
        raise invalid([Detail("/header/Last-Event-ID", "is not that of a stream of these nodes")])
    return offsets


def _joined(offsets: Sequence[int]) -> str:
    return ".".join(map(str, offsets))


def _attempt_number(call: Call, row: TaskRow) -> int:
    """Return which attempt is asked for; 0 for the newest one before there is any.

    Raises:
        NotFound: the task has had no such attempt, and is not about to have it.
    """
    asked = call.integer("attempt")
    if asked is None:
        return row.attempt
    if asked > row.attempt + (not row.terminal):
        raise NotFound(
            f"{row.id} has no attempt {asked}", hint=f"it was started {row.attempt} times"
        )
    return asked


def _node(call: Call, row: TaskRow) -> int:
    """Return which node is asked for.

    Raises:
        NotFound: the task has fewer.
    """
    asked = call.integer("node") or 0
    nodes = cast("int", row.settings.get("num_instances") or 1)
    if asked >= nodes:
        hint = "its nodes are numbered from 0" if nodes > 1 else "leave node out"
        raise NotFound(f"{row.id} has no node {asked}: it runs on {nodes}", hint=hint)
    return asked


def _is_over(call: Call, row: TaskRow, number: int) -> bool:
    """Say whether nothing will be added to the output of an attempt any more."""
    if row.terminal:
        return True
    if call.integer("attempt") is not None and number < row.attempt:
        return True
    # One that was never really started leaves its place to the next, without having ended.
    return call.gateway.store.attempts.find(row.id, number) is not None


async def _begun(call: Call) -> TaskRow | None:
    """Return the task once it has the attempt that is asked for, None when it was deleted."""
    with call.gateway.changes.task(call.path["task_id"]) as waiter:
        while True:
            row = _find(call)
            if row is None or row.terminal:
                return row
            asked = call.integer("attempt")
            if row.status != "pending" if asked is None else row.attempt >= asked:
                return row
            await waiter.wait()


async def _attempt(
    call: Call, number: int, logs: Sequence[AttemptLog], view: View, offsets: Sequence[int]
) -> AsyncGenerator[tuple[int, Encoded], None]:
    """Yield the output of one attempt, with the place in `logs` that it is of, until it is over."""
    ended = asyncio.Event()
    watching = asyncio.create_task(_watch_end(call, number, ended))
    watcher = call.gateway.log_watcher
    try:
        followed = follow_nodes(logs, view, offsets, ended=ended, watcher=watcher)
        async with aclosing(followed) as slices:
            async for each in slices:
                yield each
    finally:
        watching.cancel()


async def _watch_end(call: Call, attempt: int, ended: asyncio.Event) -> None:
    with call.gateway.changes.task(call.path["task_id"]) as waiter:
        while True:
            row = _find(call)
            if row is None or row.terminal or row.attempt != attempt or row.status == "pending":
                ended.set()
                return
            await waiter.wait()


async def _start(
    call: Call, log: AttemptLog, view: View, offset: int | None, since: datetime | None
) -> int:
    if offset is not None:
        return offset
    tail = call.integer("tail")
    starts = [0]
    if tail is not None:
        # Counting lines may read the whole of a large file.
        starts.append(await asyncio.to_thread(log.offset_of_tail, view, tail))
    if since is not None:
        starts.append(log.offset_since(view, since))
    return max(starts)


def _find(call: Call) -> TaskRow | None:
    return call.gateway.store.get_task(call.project, call.path["task_id"])


def _view(call: Call) -> View:
    return View(call.text("stream") or View.MERGED)


def _since(call: Call) -> datetime | None:
    text = call.text("since")
    return None if text is None else instant(text, "/query/since")


def _page(chunks: object, next_offset: int, *, end: bool) -> Answer:
    return Answer(200, {"chunks": chunks, "next_offset": next_offset, "end": end})


def _events(
    call: Call, nodes: Sequence[int], offsets: Sequence[int], place: int, encoded: Encoded
) -> bytes:
    """Return the chunks of one node as events, whose ids say how far those of all have come."""
    chunks = encoded.chunks
    if call.flag("all_nodes"):
        for chunk in chunks:
            chunk["node"] = nodes[place]
    ends = [chunk["offset"] for chunk in chunks[1:]] + [encoded.next_offset]
    before, after = offsets[:place], offsets[place + 1 :]
    return b"".join(
        event("log", _joined([*before, end, *after]), chunk)
        for end, chunk in zip(ends, chunks, strict=True)
    )
