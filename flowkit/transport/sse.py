"""Server-sent events, as the WHATWG HTML standard, section 9.2, has them."""

from __future__ import annotations

from typing import NamedTuple

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event of a stream."""

    type: str
    """`message` where the stream does not say."""
    data: bytes
    """Its lines of data, joined by a line feed; UTF-8 if the server keeps to the standard."""
    id: str
    """The last `id` that the stream had given when this event came; empty when none was."""


class EventTooLarge(ValueError):
    """An event is larger than the parser's bound."""


class EventParser:
    r"""Turns the bytes of a stream, however they are cut, into events.

    Args:
        max_event_bytes: Bound of one event, so that a server cannot fill the memory.

    Example:
        >>> parser = EventParser()
        >>> parser.feed(b"event: log\r\nid: 7\r\ndata: {")
        []
        >>> parser.feed(b"}\r\n\r\n")
        [ServerSentEvent(type='log', data=b'{}', id='7')]
    """

    def __init__(self, max_event_bytes: int = 16 * 1024 * 1024) -> None:
        self._max_event_bytes = max_event_bytes
        self._at_start = True
        self._after_carriage_return = False
        self._unfinished: list[bytes] = []
        self._size = 0
        self._type = ""
        self._data: list[bytes] = []
        self._id = ""
        self.last_event_id = ""
        """Where to resume: of the last complete block, whether or not it had data."""
        self.retry: float | None = None
        """Seconds that the server asks to wait before a reconnection."""
        self.blocks = 0
        """Complete blocks so far: events, bare ids and comments that keep the stream alive."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that `chunk` completes.

        Raises:
            EventTooLarge: an event exceeds the bound.
        """
        if not chunk:
            return []
        self._size += len(chunk)
        if self._size > self._max_event_bytes:
            raise EventTooLarge(f"an event is larger than {self._max_event_bytes} bytes")
        ends_in_carriage_return = chunk.endswith(b"\r")
        if self._after_carriage_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_carriage_return = ends_in_carriage_return
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events = []
        start = 0
        # `find` skips over the inside of a large line many times faster than `split` does.
        while (end := chunk.find(b"\n", start)) >= 0:
            line = chunk[start:end]
            start = end + 1
            if self._unfinished:
                line = b"".join([*self._unfinished, line])
                self._unfinished = []
            if line or self._at_start:
                self._take(line)
                continue
            self._size = len(chunk) - start
            if (event := self._dispatch()) is not None:
                events.append(event)
        if start < len(chunk):
            self._unfinished.append(chunk[start:])
        return events

    def _take(self, line: bytes) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(BYTE_ORDER_MARK)
        # Not by `partition` and `removeprefix`: data can be large, and each of them copies it.
        colon = line.find(b":")
        field, value = line, b""
        if colon >= 0:
            field = line[:colon]
            value = line[colon + (2 if line.startswith(b" ", colon + 1) else 1) :]
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._type = value.decode(errors="replace")
        elif field == b"id":
            if b"\0" not in value:
                self._id = value.decode(errors="replace")
        elif field == b"retry" and value.isdigit():
            self.retry = int(value) / 1000

    def _dispatch(self) -> ServerSentEvent | None:
        event_type, data = self._type or "message", self._data
        self._type, self._data = "", []
        self.last_event_id = self._id
        self.blocks += 1
        if not data:
            return None
        return ServerSentEvent(event_type, b"\n".join(data), self._id)
