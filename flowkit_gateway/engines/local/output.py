"""What an attempt's supervisor keeps of the command's output. Standard library only."""

from __future__ import annotations

import os
import struct
import time

STDOUT = 1
STDERR = 2
NAMES = {STDOUT: "stdout", STDERR: "stderr"}

RECORD = struct.Struct("<QQQQ")
"""One chunk in the index: merged end, end in its stream, unix time in ms, stream."""

_MOST_PENDING = 4096

_LEAST_FREE = 256 * 1024 * 1024
_LEAST_FREE_SHARE = 0.05
"""Of its disk, as bytes and as a part, whichever is less: a task that prints without end must not
take the room in which others start and their outcomes are written down."""
_LOOK_EVERY = 256 * 1024
"""Bytes of output between two looks at the disk; what prints less may use its last room."""


def least_free(disk: os.statvfs_result) -> float:
    """Return how many bytes of a disk what is kept of a task must leave free."""
    return min(_LEAST_FREE, disk.f_blocks * disk.f_frsize * _LEAST_FREE_SHARE)


class Output:
    """Writes chunks in the order of their arrival; a full disk loses output but never stops it.

    Where output is lost, a line of stderr says so.

    Args:
        run_dir: Directory of the files `stdout`, `stderr` and `index`.
        limit: Most bytes to keep of both streams together.
    """

    def __init__(self, run_dir: str, limit: int) -> None:
        self._run_dir = run_dir
        self._limit = limit
        self._limit_reached = False
        self._since_look = 0
        self._lost = 0
        """Bytes that were lost to the full disk since output was last kept."""
        self._files: dict[str, int] = {}
        self._ends = {STDOUT: 0, STDERR: 0}
        self._stderr_in_line = False
        self._pending: list[bytes] = []
        self._index_end = 0
        self._last_time = 0
        self.dropped = 0
        """Bytes that were not kept."""

    def write(self, stream: int, data: bytes) -> None:
        """Keep a chunk, or as much of it as limit and disk allow."""
        if self._limit_reached:
            self.dropped += len(data)
            return
        if not self._has_disk_space(len(data)):
            self._lose(len(data))
            return
        if self._lost:
            self._announce(f"{self._lost} bytes of output were lost here")
            self._lost = 0
        within = data[: self._limit - self._ends[STDOUT] - self._ends[STDERR]]
        refused = len(within) - (self._keep(stream, within) if within else 0)
        if refused:
            self._lose(refused)
        if len(within) < len(data):
            self.dropped += len(data) - len(within)
            self._limit_reached = True
            self._announce(f"output limit of {self._limit} bytes reached; the rest is discarded")

    def close(self) -> None:
        """Write what is outstanding of the index."""
        if self._pending:
            self._write_index()

    def _has_disk_space(self, size: int) -> bool:
        self._since_look += size
        if self._since_look < _LOOK_EVERY and not self._lost:
            return True
        self._since_look = 0
        disk = os.statvfs(self._run_dir)
        least = least_free(disk)
        if self._lost:
            # Not at the first free block, or one notice would follow on the other.
            least *= 2
        return disk.f_bavail * disk.f_frsize - size >= least

    def _lose(self, size: int) -> None:
        if not self._lost:
            self._announce("the disk is full; output is lost until there is room")
        self._lost += size
        self.dropped += size

    def _announce(self, words: str) -> None:
        line_break = "\n" if self._stderr_in_line else ""
        self._keep(STDERR, f"{line_break}flowkit: {words}\n".encode())

    def _keep(self, stream: int, data: bytes) -> int:
        """Append to the stream and then to the index; return how many bytes the disk took."""
        if len(self._pending) >= _MOST_PENDING:
            # The index cannot be written: output that it would not know of is not kept either.
            self._write_index()
            if self._pending:
                return 0
        kept = self._append(NAMES[stream], data)
        if kept:
            self._ends[stream] += kept
            if stream == STDERR:
                self._stderr_in_line = data[kept - 1] != 10
            # The wall clock may be set back; a search by time needs order.
            self._last_time = max(self._last_time, time.time_ns() // 1_000_000)
            merged = self._ends[STDOUT] + self._ends[STDERR]
            record = RECORD.pack(merged, self._ends[stream], self._last_time, stream)
            self._pending.append(record)
            self._write_index()
        return kept

    def _file(self, name: str) -> int:
        if name not in self._files:
            path = f"{self._run_dir}/{name}"
            self._files[name] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._files[name]

    def _append(self, name: str, data: bytes) -> int:
        """Write until the disk refuses (full, over quota, broken); return the bytes written."""
        written = 0
        try:
            file = self._file(name)
            while written < len(data):
                written += os.write(file, data[written:] if written else data)
        except OSError:
            # Neither the task nor its outcome may depend on its log; the loss is counted.
            return written
        return written

    def _write_index(self) -> None:
        """Write the outstanding records; those that do not fit are tried again later."""
        body = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        try:
            written = os.pwrite(self._file("index"), body, self._index_end)
        except OSError:
            written = 0
        whole = written // RECORD.size
        # A record that was written in part is overwritten by the next try.
        self._index_end += whole * RECORD.size
        del self._pending[:whole]
