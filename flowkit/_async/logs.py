"""A task's output."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from flowkit_api.api.tasks import follow_task_logs, get_task_logs
from flowkit_api.codec import decode
from flowkit_api.errors import InvalidBody
from flowkit_api.models.log_chunk import LogChunk
from flowkit_api.models.log_end import LogEnd

from flowkit.errors import InvalidResponse
from flowkit.log_text import Chunk, LineDecoder, TextDecoder, content
from flowkit.status import is_terminal

if TYPE_CHECKING:
    from flowkit_api.models.log_stream import LogStream

    from flowkit.transport._async.transport import AsyncTransport
    from flowkit.transport.sse import ServerSentEvent

T = TypeVar("T")


async def log_chunks(
    api: AsyncTransport,
    task_id: str,
    *,
    follow: bool,
    stream: LogStream | None,
    tail: int | None,
    since: datetime | None,
    offset: int | None,
    attempt: int | None,
    node: int | None,
) -> AsyncIterator[Chunk]:
    """Yield the output of a task, byte for byte.

    Without an `attempt` the newest one is read, and those after it are followed too.
    """
    if follow:
        number: int | None = attempt
        while True:
            request = follow_task_logs.request(
                task_id=task_id,
                stream=stream,
                attempt=number,
                node=node,
                tail=tail,
                since=since,
                offset=offset,
            )
            async for event in api.events(request, is_last=_is_end):
                if event.type == "log":
                    chunk = _decoded(event, LogChunk)
                    yield str(chunk.stream), content(chunk)
                elif event.type == "end":
                    end = _decoded(event, LogEnd)
            if attempt is not None or is_terminal(end.status) or end.attempt is None:
                return
            number, tail, since, offset = end.attempt + 1, None, None, None
    first, lines = tail, 0
    while True:
        request = get_task_logs.request(
            task_id=task_id,
            stream=stream,
            attempt=attempt,
            node=node,
            tail=first,
            since=since,
            offset=offset,
        )
        page = await api.call(request, get_task_logs.parse)
        for chunk in page.chunks:
            data = content(chunk)
            lines += data.count(b"\n")
            yield str(chunk.stream), data
        # A task that writes faster than it is read must not keep a `tail` going.
        if page.end or not page.chunks or (tail is not None and lines > tail):
            return
        offset, first, since = page.next_offset, None, None


async def log_text(chunks: AsyncIterator[Chunk]) -> str:
    """Return chunks as text."""
    decoder = TextDecoder()
    parts = [decoder.feed(chunk) async for chunk in chunks]
    return "".join(parts) + decoder.flush()


async def log_lines(chunks: AsyncIterator[Chunk]) -> AsyncIterator[str]:
    """Yield chunks as lines."""
    decoder = LineDecoder()
    async for chunk in chunks:
        for line in decoder.feed(chunk):
            yield line
    for line in decoder.flush():
        yield line


def _is_end(event: ServerSentEvent) -> bool:
    return event.type == "end"


def _decoded(event: ServerSentEvent, kind: type[T]) -> T:
    try:
        return decode(event.data, kind)
    except InvalidBody as error:
        raise InvalidResponse(f"the gateway's stream cannot be read: {error}") from error
