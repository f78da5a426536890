"""How files travel between this machine and a gateway: sizes, progress, what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

CHUNK = 1024 * 1024
"""Bytes that are read or written at once."""
LARGEST_WHOLE = 8 * 1024 * 1024
"""Bytes of a file that is sent in one call; a larger one is taken up again where it was cut."""
PART = 64 * 1024 * 1024
"""Bytes of one call of a larger file."""


class TransferProgress(NamedTuple):
    """How far a transfer has come."""

    path: str
    """The file that has just gone on, as it is called within the transfer."""
    transferred_bytes: int
    total_bytes: int | None
    """None until all files are known."""
    transferred_files: int
    total_files: int | None


class Transfer(NamedTuple):
    """What was transferred."""

    files: int
    size_bytes: int
    skipped: tuple[str, ...] = ()
    """What is neither a file nor a directory, each with the reason."""


class Stopped(Exception):
    """Another file of the same transfer has failed."""


class Meter:
    """Counts the bytes of a transfer, from several threads at once.

    Args:
        report: Told after each step, by one thread at a time.
    """

    def __init__(self, report: Callable[[TransferProgress], object] | None = None) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._stopped = False
        self.files = 0
        self.size_bytes = 0
        self.skipped: list[str] = []
        self._total: tuple[int, int] | None = None

    def expect(self, files: int, size_bytes: int) -> None:
        """Say how much there is in all."""
        self._total = files, size_bytes

    def track(self, path: str) -> Track:
        """Return the counter of one file."""
        return Track(self, path)

    def stop(self) -> None:
        """Have every other thread give up at its next step."""
        self._stopped = True

    def add(self, path: str, size: int, *, files: int = 0) -> None:
        """Count bytes, which may be fewer than none where a cut took some back.

        Raises:
            Stopped: The transfer is over.
        """
        if self._stopped:
            raise Stopped
        with self._lock:
            self.size_bytes += size
            self.files += files
            if self._report is not None:
                total_files, total_bytes = self._total or (None, None)
                self._report(
                    TransferProgress(path, self.size_bytes, total_bytes, self.files, total_files)
                )

    def result(self) -> Transfer:
        """Return what was transferred."""
        return Transfer(self.files, self.size_bytes, tuple(self.skipped))


class Track:
    """Counts the bytes of one file.

    Args:
        meter: Counts those of all.
        path: How the file is called.
    """

    def __init__(self, meter: Meter, path: str) -> None:
        self._meter = meter
        self._path = path
        self._position = 0

    def at(self, position: int) -> None:
        """Say how many bytes of the file have been transferred.

        Raises:
            Stopped: The transfer is over.
        """
        moved, self._position = position - self._position, position
        self._meter.add(self._path, moved)

    def done(self) -> None:
        """Say that the file is in its place."""
        self._meter.add(self._path, 0, files=1)
