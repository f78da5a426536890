"""From chunks of a task's output to bytes, text and lines."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from flowkit_api.models.log_stream import LogStream

from flowkit.durations import parse_since
from flowkit.errors import InvalidRequest, InvalidResponse
from flowkit.transport.lines import LineSplitter

if TYPE_CHECKING:
    from flowkit_api.models.log_chunk import LogChunk

Chunk: TypeAlias = tuple[str, bytes]
"""The name of a stream and some bytes of it."""

AsyncText: TypeAlias = Awaitable[str]
Text: TypeAlias = str

LogNode: TypeAlias = int | Literal["all"] | None
"""A machine of a task, from 0, or all of them; None for the first one."""

DEFAULT_TAIL = 100


class LogQuery(NamedTuple):
    """What is asked for of a task's output."""

    stream: LogStream | None
    tail: int | None
    since: datetime | None
    offset: int | None
    attempt: int | None


def content(chunk: LogChunk) -> bytes:
    """Return the bytes of a chunk.

    Raises:
        InvalidResponse: it holds none that can be read.
    """
    if chunk.text is not None:
        return chunk.text.encode()
    try:
        return base64.b64decode(chunk.base64 or "", validate=True)
    except binascii.Error as error:
        raise InvalidResponse("the gateway sent output that is no base64") from error


class TextDecoder:
    r"""Makes text of chunks, keeping together the bytes of a character that were cut apart.

    Example:
        >>> decoder = TextDecoder()
        >>> [decoder.feed(("stdout", piece)) for piece in (b"caf\xc3", b"\xa9")]
        ['caf', 'é']
    """

    def __init__(self) -> None:
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def feed(self, chunk: Chunk) -> str:
        """Return the text that a chunk completes."""
        stream, data = chunk
        decoder = self._decoders.get(stream)
        if decoder is None:
            make = codecs.getincrementaldecoder("utf-8")
            decoder = self._decoders[stream] = make(errors="replace")
        return decoder.decode(data)

    def flush(self) -> str:
        """Return what is left of characters that never were completed."""
        return "".join(decoder.decode(b"", final=True) for decoder in self._decoders.values())


class LineDecoder:
    r"""Makes lines of chunks, those of one stream never mixed into those of the other.

    Example:
        >>> lines = LineDecoder()
        >>> lines.feed(("stdout", b"one\ntw")), lines.feed(("stderr", b"!\n"))
        (['one'], ['!'])
        >>> lines.flush()
        ['tw']
    """

    def __init__(self) -> None:
        self._splitters: dict[str, LineSplitter] = {}

    def feed(self, chunk: Chunk) -> list[str]:
        """Return the lines that a chunk completes, without their ends."""
        stream, data = chunk
        splitter = self._splitters.get(stream)
        if splitter is None:
            splitter = self._splitters[stream] = LineSplitter()
        lines = splitter.take(data)
        # Decoded all at once, which is faster than line by line and the same: in UTF-8 a line feed
        # is never a part of another character, not even of a broken one.
        return [] if lines is None else lines.decode("utf-8", "replace").split("\n")

    def flush(self) -> list[str]:
        """Return the last line of each stream, if its end never came."""
        last = [line for splitter in self._splitters.values() for line in splitter.flush()]
        return [line.decode("utf-8", "replace") for line in last]


class NodeLines:
    r"""Makes whole lines of what several machines write, each with its machine's number before it.

    Example:
        >>> lines = NodeLines()
        >>> lines.feed(1, ("stdout", b"one\ntw"))
        [('stdout', b'[1] one\n')]
        >>> lines.flush()
        [('stdout', b'[1] tw\n')]
    """

    def __init__(self) -> None:
        self._splitters: dict[tuple[int, str], LineSplitter] = {}

    def feed(self, node: int, chunk: Chunk) -> list[Chunk]:
        """Return the lines that a chunk completes."""
        stream, data = chunk
        splitter = self._splitters.setdefault((node, stream), LineSplitter())
        lines = splitter.take(data)
        return [] if lines is None else [(stream, _numbered(node, lines.split(b"\n")))]

    def flush(self) -> list[Chunk]:
        """Return the last line of each stream of each machine, if its end never came."""
        return [
            (stream, _numbered(node, lines))
            for (node, stream), splitter in self._splitters.items()
            if (lines := splitter.flush())
        ]


def _numbered(node: int, lines: Iterable[bytes]) -> bytes:
    return b"".join(b"[%d] %b\n" % (node, line) for line in lines)


def view(
    stream: str | None, source: str | None = None, *, stderr: bool = False
) -> LogStream | None:
    """Return the stream that is meant; None for both, in the order of arrival.

    Raises:
        InvalidRequest: there is no such stream, or two are named.

    Example:
        >>> view(None, stderr=True), view("both") is None
        (<LogStream.STDERR: 'stderr'>, True)
    """
    both = (None, "both", "combined", "auto")
    named = {str(name) for name in (stream, source) if name not in both}
    if stderr:
        named.add("stderr")
    if not named:
        return None
    if len(named) > 1:
        raise InvalidRequest(f"{' and '.join(sorted(named))} are both asked for", hint="name one")
    (name,) = named
    if name not in ("stdout", "stderr"):
        raise InvalidRequest(f"a task has no stream {name!r}", hint="stdout, stderr or both")
    return LogStream(name)


def moment(since: datetime | str | None) -> datetime | None:
    """Return the point in time that is meant, with its zone; local time where none is given.

    Raises:
        InvalidRequest: the text cannot be read.
    """
    if isinstance(since, str):
        return parse_since(since, datetime.now(UTC))
    if since is None:
        return None
    if not isinstance(since, datetime):
        raise InvalidRequest(
            f"invalid time of type {type(since).__name__}", hint="a datetime, or text such as 5m"
        )
    return since.astimezone(UTC)


def check_tail(tail: int | None) -> None:
    """Refuse a number of lines that is none.

    Raises:
        InvalidRequest: it is not a whole number from 0 on.
    """
    if not _is_count(tail):
        raise InvalidRequest(f"invalid tail {tail!r}", hint="a whole number of lines, from 0 on")


def check_offset(offset: int | None) -> None:
    """Refuse a place in the output that is none.

    Raises:
        InvalidRequest: it is not a whole number from 0 on.
    """
    if not _is_count(offset):
        raise InvalidRequest(
            f"invalid offset {offset!r}", hint="a whole number of bytes, from 0 on"
        )


def check_attempt(attempt: int | None) -> int | None:
    """Return the number of an attempt.

    Raises:
        InvalidRequest: it is not a whole number from 1 on.
    """
    if not _is_count(attempt) or attempt == 0:
        raise InvalidRequest(
            f"invalid attempt {attempt!r}", hint="the number of an attempt, from 1 on"
        )
    return attempt


def check_node(node: LogNode) -> LogNode:
    """Return the number of a machine, or `all`.

    Raises:
        InvalidRequest: it is neither that nor a whole number from 0 on.
    """
    if node != "all" and not _is_count(node):
        hint = "the number of a machine, from 0 on, or all"
        raise InvalidRequest(f"invalid node {node!r}", hint=hint)
    return node


def _is_count(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
