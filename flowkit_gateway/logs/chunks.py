"""Output as the contract's `LogChunk`: text where it is UTF-8, base64 where it is not."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypedDict

from flowkit_gateway.logs.reader import Chunk

_LONGEST_TAIL = 3


class LogChunk(TypedDict, total=False):
    """The contract's schema `LogChunk`."""

    stream: str
    offset: int
    time: str
    text: str
    base64: str
    node: int


class Encoded(NamedTuple):
    """Chunks ready to be sent."""

    chunks: list[LogChunk]
    next_offset: int
    """Of the view: where the next chunk begins."""


def encode(chunks: Sequence[Chunk], offset: int, *, more: bool) -> Encoded:
    """Turn what was read into the contract's chunks, each of whole characters where possible.

    Args:
        chunks: What was read from `offset` on.
        offset: Where it began.
        more: Bytes may follow the last chunk. The beginning of a character at its end is then
            held back; `next_offset` points at it.

    Example:
        >>> read = Chunk("stdout", 0, 0.0, "né".encode()[:2])
        >>> encode([read], 0, more=True)
        Encoded(chunks=[{'stream': 'stdout', 'offset': 0, 'time': '1970-01-01T00:00:00.000Z', \
'text': 'n'}], next_offset=1)
    """
    encoded: list[LogChunk] = []
    carried = b""
    for position, chunk in enumerate(chunks):
        data = carried + chunk.data
        start = chunk.offset - len(carried)
        following = chunks[position + 1] if position + 1 < len(chunks) else None
        carried = b""
        if more if following is None else following.stream == chunk.stream:
            cut = incomplete_tail(data)
            if cut:
                data, carried = data[:-cut], data[-cut:]
        if data:
            encoded.append(_chunk(chunk, start, data))
        offset = start + len(data)
    return Encoded(encoded, offset)


def incomplete_tail(data: bytes) -> int:
    """Return how many bytes at the end begin a UTF-8 character that is not complete.

    Example:
        >>> incomplete_tail("é".encode()[:1]), incomplete_tail("é".encode()), incomplete_tail(b"")
        (1, 0, 0)
    """
    for length in range(1, min(_LONGEST_TAIL, len(data)) + 1):
        byte = data[-length]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4 if byte < 0xF8 else 0
            return length if size > length else 0
    return 0


def _chunk(chunk: Chunk, offset: int, data: bytes) -> LogChunk:
    moment = datetime.fromtimestamp(chunk.time, UTC).isoformat(timespec="milliseconds")
    encoded: LogChunk = {
        "stream": chunk.stream,
        "offset": offset,
        "time": moment.removesuffix("+00:00") + "Z",
    }
    try:
        encoded["text"] = data.decode()
    except UnicodeDecodeError:
        encoded["base64"] = base64.b64encode(data).decode()
    return encoded
