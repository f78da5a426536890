"""Reading the output of an attempt, which may still be growing. No locks, bounded memory."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.engines.local.output import NAMES, RECORD, STDERR, STDOUT

_RECORDS_PER_READ = 512
_MOST_RECORDS = 1024
"""Records that one `read` looks at, so that it never holds up the event loop for long."""
_TAIL_WINDOW = 1 << 18
_SAME_TIME_MS = 10
"""Neighbours this close in time become one chunk: a burst of lines is not an event a line."""


class View(enum.StrEnum):
    """A way to look at the output: one stream, or both in the order of arrival."""

    STDOUT = "stdout"
    STDERR = "stderr"
    MERGED = "merged"


class Chunk(NamedTuple):
    """A run of bytes of one stream."""

    stream: str
    offset: int
    """Of the first byte, in the view that was read."""
    time: float
    """Unix time at which the first bytes were written."""
    data: bytes


class _Record(NamedTuple):
    """An entry of the index: where each stream ends after a chunk."""

    ends: tuple[int, int]
    """Bytes of stdout and of stderr so far."""
    time_ms: int
    stream: int

    def end(self, view: View) -> int:
        if view is View.MERGED:
            return self.ends[0] + self.ends[1]
        return self.ends[0] if view is View.STDOUT else self.ends[1]


class _Run(NamedTuple):
    """Neighbouring records of one stream, to be read at once."""

    stream: int
    start: int
    end: int
    time: float


_START = _Record((0, 0), 0, 0)


def _record(fields: tuple[int, int, int, int]) -> _Record:
    merged, own, time_ms, stream = fields
    ends = (own, merged - own) if stream == STDOUT else (merged - own, own)
    return _Record(ends, time_ms, stream)


class AttemptLog:
    """The output that an attempt's supervisor keeps in its run directory.

    Args:
        run_dir: The attempt's directory; it need not exist yet.
        complete: Nothing will be written any more. Only then can bytes that the index does
            not know of be placed in the merged view: as a last chunk of each stream.
    """

    def __init__(self, run_dir: Path, *, complete: bool = False) -> None:
        self.run_dir = run_dir
        self.complete = complete

    def size(self, view: View) -> int:
        """Return how many bytes of a view can be read now."""
        if view is not View.MERGED:
            return self._stream_size(STDOUT if view is View.STDOUT else STDERR)
        if self.complete:
            return self._stream_size(STDOUT) + self._stream_size(STDERR)
        with _Index(self.run_dir) as index:
            return index.at(index.count - 1).end(view)

    def read(self, view: View, offset: int, max_bytes: int) -> list[Chunk]:
        """Read a part of a view.

        Returns chunks without gaps from `offset` on, with at most `max_bytes` bytes together. It
        may be fewer than there are; it is none only at the end of what can be read now.
        """
        with _Index(self.run_dir) as index:
            runs = self._runs(index, view, offset, max_bytes)
        return self._contents(runs, offset)

    def offset_of_tail(self, view: View, lines: int) -> int:
        """Return where the last `lines` lines begin; lines end at `\\n`, the last one may not."""
        end = position = self.size(view)
        if lines <= 0:
            return end
        while position > 0:
            start = max(0, position - _TAIL_WINDOW)
            window = self._bytes(view, start, position)
            # The newline at the very end closes the last line and begins none.
            until = len(window) - (position == end and window.endswith(b"\n"))
            inside = window.count(b"\n", 0, until)
            if inside >= lines:
                for _ in range(lines):
                    until = window.rfind(b"\n", 0, until)
                return start + until + 1
            lines -= inside
            position = start
        return 0

    def offset_since(self, view: View, moment: datetime) -> int:
        """Return where the first output begins that was written at or after a moment."""
        wanted = moment.timestamp() * 1000
        with _Index(self.run_dir) as index:
            first = index.first(lambda record: record.time_ms >= wanted)
            if first < index.count:
                return index.at(first - 1).end(view)
        return self.size(view)

    def _bytes(self, view: View, start: int, end: int) -> bytes:
        parts = []
        while start < end:
            chunks = self.read(view, start, end - start)
            if not chunks:
                break
            parts += [chunk.data for chunk in chunks]
            start = chunks[-1].offset + len(chunks[-1].data)
        return b"".join(parts)

    def _stream_size(self, stream: int) -> int:
        try:
            return os.stat(self.run_dir / NAMES[stream]).st_size
        except FileNotFoundError:
            return 0

    def _runs(self, index: _Index, view: View, offset: int, max_bytes: int) -> list[_Run]:
        """Find the parts of the stream files that make up a part of a view."""
        first = index.first(lambda record: record.end(view) > offset)
        before = index.at(first - 1)
        skip = offset - before.end(view)
        runs: list[_Run] = []
        room = max_bytes
        for record in index.records(first, _MOST_RECORDS):
            if room <= 0:
                return runs
            length = record.end(view) - before.end(view)
            if length:
                start = before.ends[record.stream - 1] + skip
                end = min(record.ends[record.stream - 1], start + room)
                _add_run(runs, _Run(record.stream, start, end, record.time_ms / 1000))
                room -= end - start
                skip = 0
            before = record
        if room > 0 and first + _MOST_RECORDS >= index.count:
            self._add_unindexed(runs, view, before, skip, room)
        return runs

    def _add_unindexed(
        self, runs: list[_Run], view: View, last: _Record, skip: int, room: int
    ) -> None:
        if view is View.MERGED and not self.complete:
            return
        for stream in (STDOUT, STDERR):
            if view not in (View.MERGED, NAMES[stream]):
                continue
            start, size = last.ends[stream - 1], self._stream_size(stream)
            skipped = min(skip, max(0, size - start))
            skip -= skipped
            end = min(size, start + skipped + room)
            if start + skipped < end:
                runs.append(_Run(stream, start + skipped, end, self._written_at(stream)))
                room -= end - start - skipped

    def _written_at(self, stream: int) -> float:
        return os.stat(self.run_dir / NAMES[stream]).st_mtime

    def _contents(self, runs: list[_Run], offset: int) -> list[Chunk]:
        chunks: list[Chunk] = []
        files: dict[int, int] = {}
        try:
            for run in runs:
                if run.stream not in files:
                    files[run.stream] = os.open(self.run_dir / NAMES[run.stream], os.O_RDONLY)
                data = os.pread(files[run.stream], run.end - run.start, run.start)
                if data:
                    chunks.append(Chunk(NAMES[run.stream], offset, run.time, data))
                    offset += len(data)
                if len(data) < run.end - run.start:
                    # Lost with the machine's power; what follows has no place in the view.
                    break
        except FileNotFoundError:
            return chunks
        finally:
            for file in files.values():
                os.close(file)
        return chunks


def _add_run(runs: list[_Run], run: _Run) -> None:
    if runs:
        last = runs[-1]
        near = (run.time - last.time) * 1000 <= _SAME_TIME_MS
        if last.stream == run.stream and last.end == run.start and near:
            runs[-1] = last._replace(end=run.end)
            return
    runs.append(run)


class _Index:
    """The index file at one moment; a record that is not whole yet does not count."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "index"
        self._file: int | None = None
        self.count = 0

    def __enter__(self) -> _Index:
        try:
            self._file = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return self
        self.count = os.fstat(self._file).st_size // RECORD.size
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def at(self, position: int) -> _Record:
        """Return a record; the one before the first stands for the start."""
        if position < 0 or self._file is None:
            return _START
        return _record(RECORD.unpack(os.pread(self._file, RECORD.size, position * RECORD.size)))

    def first(self, holds: Callable[[_Record], bool]) -> int:
        """Return the position of the first record of which a condition holds from there on."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if holds(self.at(middle)):
                high = middle
            else:
                low = middle + 1
        return low

    def records(self, first: int, most: int) -> Iterator[_Record]:
        """Yield records from a position on."""
        end = min(self.count, first + most)
        for position in range(first, end, _RECORDS_PER_READ):
            if self._file is None:
                return
            number = min(_RECORDS_PER_READ, end - position)
            block = os.pread(self._file, number * RECORD.size, position * RECORD.size)
            for fields in RECORD.iter_unpack(block):
                yield _record(fields)
