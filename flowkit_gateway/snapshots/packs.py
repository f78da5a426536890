"""Contents of files on the disk: many in one file, so that ten thousand cost one write.

A pack holds records as they came: hash, length, content. Rows of the store say which contents
count and where they are; whatever else is in a pack, as after a broken upload, is no content.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from threading import Lock

from flowkit_gateway.store.snapshots import Content

_FULL_BYTES = 64 * 1024 * 1024
"""From which size on a pack is not added to."""
_PUNCH_HOLE, _KEEP_SIZE = 2, 1
_libc = ctypes.CDLL(None, use_errno=True)


class PackWriter:
    """The end of one pack, for one upload at a time.

    Args:
        path: the pack; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Behind whatever a broken upload has left.
        self.position = os.lseek(self._descriptor, 0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            OSError: the disk is full or broken.
        """
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            self.position += written
            view = view[written:]

    def sync(self) -> None:
        """Return once everything is on the disk itself."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Give the pack up."""
        os.close(self._descriptor)


class Packs:
    """The packs of one project.

    Args:
        directory: holds them; made when it is needed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._taken: set[str] = set()
        # Its methods run on threads: two must not take one pack.
        self._lock = Lock()

    def take(self) -> PackWriter:
        """Return the end of a pack that nobody else writes to.

        Raises:
            OSError: the disk is full or broken.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock, os.scandir(self.directory) as entries:
            free = next(
                (
                    entry.name
                    for entry in entries
                    if entry.name not in self._taken and entry.stat().st_size < _FULL_BYTES
                ),
                secrets.token_hex(16),
            )
            self._taken.add(free)
        try:
            return PackWriter(self.directory / free)
        except OSError:
            self.give(free)
            raise

    def take_idle(self) -> list[str]:
        """Take all packs that nobody writes to, and return their names."""
        if not self.directory.exists():
            return []
        with self._lock:
            idle = [name for name in os.listdir(self.directory) if name not in self._taken]
            self._taken.update(idle)
        return idle

    def give(self, *names: str) -> None:
        """Let others take packs again."""
        with self._lock:
            self._taken.difference_update(names)

    def reclaim(self, names: Collection[str], live: Iterable[Content]) -> None:
        """Give back to the disk what holds none of the contents that count.

        Whole packs are removed; within others blocks are freed where the file system can do that
        (fallocate(2), FALLOC_FL_PUNCH_HOLE), so that no content has to move.

        Args:
            names: packs that were taken before `live` was looked up, or what has come into them
                since would go too.
            live: all contents that count, pack by pack in their order.
        """
        used: dict[str, list[Content]] = {}
        for content in live:
            used.setdefault(content.pack, []).append(content)
        for name in names:
            path = self.directory / name
            if name in used:
                _free_gaps(path, used[name])
            else:
                path.unlink()


def _free_gaps(path: Path, contents: Iterable[Content]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        end = 0
        size = os.fstat(descriptor).st_size
        for content in contents:
            _punch(descriptor, end, content.position)
            end = max(end, content.position + content.size_bytes)
        _punch(descriptor, end, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)


def _punch(descriptor: int, begin: int, end: int) -> None:
    if end - begin < os.sysconf("SC_PAGESIZE"):
        return
    mode = _PUNCH_HOLE | _KEEP_SIZE
    if _libc.fallocate(descriptor, mode, ctypes.c_long(begin), ctypes.c_long(end - begin)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
