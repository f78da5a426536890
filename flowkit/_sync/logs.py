# Written by `make regen` from flowkit/_async/logs.py: edit that file.
"""A task's output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowkit_api.api.tasks import follow_task_logs, get_task, get_task_logs
from flowkit_api.models.log_chunk import LogChunk
from flowkit_api.models.log_end import LogEnd

from flowkit.log_text import (
    Chunk,
    LineDecoder,
    LogNode,
    LogQuery,
    NodeLines,
    TextDecoder,
    content,
)
from flowkit.status import is_terminal
from flowkit.stream_events import document, is_end

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport


def log_chunks(
    api: Transport, task_id: str, query: LogQuery, *, follow: bool, node: LogNode
) -> Iterator[Chunk]:
    """Yield the output of a task, byte for byte; that of all nodes in lines with their numbers.

    Without an attempt the newest one is read, and those after it are followed too.
    """
    if node != "all":
        chunks = (
            _followed(api, task_id, query, node) if follow else _read(api, task_id, query, node)
        )
        for _, chunk in chunks:
            yield chunk
        return
    lines = NodeLines()
    if follow:
        for number, chunk in _followed(api, task_id, query, None, all_nodes=True):
            for each in lines.feed(number, chunk):
                yield each
    else:
        task = api.call(get_task.request(task_id=task_id), get_task.parse)
        for rank in range(task.num_instances or 1):
            for number, chunk in _read(api, task_id, query, rank):
                for each in lines.feed(number, chunk):
                    yield each
            for each in lines.flush():
                yield each
    for each in lines.flush():
        yield each


def _followed(
    api: Transport,
    task_id: str,
    query: LogQuery,
    node: int | None,
    *,
    all_nodes: bool | None = None,
) -> Iterator[tuple[int, Chunk]]:
    """Yield output as it is written, with the number of its node where all are asked for."""
    number, tail, since, offset = query.attempt, query.tail, query.since, query.offset
    while True:
        request = follow_task_logs.request(
            task_id=task_id,
            stream=query.stream,
            attempt=number,
            node=node,
            all_nodes=all_nodes,
            tail=tail,
            since=since,
            offset=offset,
        )
        for event in api.events(request, is_last=is_end):
            if event.type == "log":
                chunk = document(event, LogChunk)
                yield chunk.node or 0, (str(chunk.stream), content(chunk))
            elif event.type == "end":
                end = document(event, LogEnd)
        if query.attempt is not None or is_terminal(end.status) or end.attempt is None:
            return
        number, tail, since, offset = end.attempt + 1, None, None, None


def _read(
    api: Transport, task_id: str, query: LogQuery, node: int | None
) -> Iterator[tuple[int, Chunk]]:
    """Yield what is there now, with the number of its node."""
    tail, since, offset, lines = query.tail, query.since, query.offset, 0
    while True:
        request = get_task_logs.request(
            task_id=task_id,
            stream=query.stream,
            attempt=query.attempt,
            node=node,
            tail=tail,
            since=since,
            offset=offset,
        )
        page = api.call(request, get_task_logs.parse)
        for chunk in page.chunks:
            data = content(chunk)
            lines += data.count(b"\n")
            yield node or 0, (str(chunk.stream), data)
        # A task that writes faster than it is read must not keep a `tail` going.
        if page.end or not page.chunks or (query.tail is not None and lines > query.tail):
            return
        offset, tail, since = page.next_offset, None, None


def log_text(chunks: Iterator[Chunk]) -> str:
    """Return chunks as text."""
    decoder = TextDecoder()
    parts = [decoder.feed(chunk) for chunk in chunks]
    return "".join(parts) + decoder.flush()


def log_lines(chunks: Iterator[Chunk]) -> Iterator[str]:
    """Yield chunks as lines."""
    decoder = LineDecoder()
    for chunk in chunks:
        for line in decoder.feed(chunk):
            yield line
    for line in decoder.flush():
        yield line
