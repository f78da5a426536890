"""Noticing that the files of a directory grow, within a millisecond and without polling."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import struct
from pathlib import Path
from types import TracebackType

_log = logging.getLogger(__name__)

_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE = 0x2, 0x80, 0x100
_IN_ONLYDIR, _IN_IGNORED, _IN_Q_OVERFLOW = 0x01000000, 0x8000, 0x4000
_EVENT = struct.Struct("iIII")
_READ_SIZE = 65536
_POLL_INTERVAL = 0.05
_REMOTE_POLL_INTERVAL = 0.5


class Growth:
    """What one follower waits on. Use it as a context manager, so that its watch ends with it.

    Args:
        watcher: The process's watcher.
        directory: Where the files are or will be.
    """

    def __init__(self, watcher: GrowthWatcher, directory: Path) -> None:
        self._watcher = watcher
        self._directory = directory
        self._grown = asyncio.Event()
        self._watched = False

    def __enter__(self) -> Growth:
        self._watched = self._watcher.add(self._directory, self._grown)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watched:
            self._watcher.remove(self._directory, self._grown)

    def notify(self) -> None:
        """Wake who waits, whatever the files do."""
        self._grown.set()

    async def wait(self) -> None:
        """Return once the files may have grown since the last return."""
        if not self._watched:
            # No notification for this directory, or no directory yet: look again soon.
            self._watched = self._watcher.add(self._directory, self._grown)
            try:
                await asyncio.wait_for(self._grown.wait(), _POLL_INTERVAL)
            except TimeoutError:
                return
        elif self._watcher.remote:
            # Of what other machines write to a shared file system the kernel tells nothing.
            try:
                await asyncio.wait_for(self._grown.wait(), _REMOTE_POLL_INTERVAL)
            except TimeoutError:
                return
        else:
            await self._grown.wait()
        self._grown.clear()


class GrowthWatcher:
    """One inotify instance for all followers of this process (inotify(7)).

    Args:
        remote: The files may be written by other machines.
    """

    def __init__(self, *, remote: bool = False) -> None:
        self.remote = remote
        self._loop: asyncio.AbstractEventLoop | None = None
        self._descriptor: int | None = None
        self._unavailable = False
        self._watches: dict[Path, int] = {}
        self._followers: dict[int, set[asyncio.Event]] = {}

    def growth(self, directory: Path) -> Growth:
        """Return what to wait on for the files of a directory, which need not exist yet."""
        return Growth(self, directory)

    def close(self) -> None:
        """End all watches."""
        if self._descriptor is not None and self._loop is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._descriptor = None
        self._watches.clear()
        self._followers.clear()

    def add(self, directory: Path, follower: asyncio.Event) -> bool:
        """Set an event whenever files of a directory grow; return False where that cannot be."""
        watch = self._watches.get(directory)
        if watch is None:
            watch = self._watch(directory)
            if watch is None:
                return False
            self._watches[directory] = watch
        self._followers.setdefault(watch, set()).add(follower)
        return True

    def remove(self, directory: Path, follower: asyncio.Event) -> None:
        """Forget a follower, and the watch with the last one."""
        watch = self._watches.get(directory)
        if watch is None:
            return
        followers = self._followers[watch]
        followers.discard(follower)
        if not followers:
            self._forget(watch)
            if self._descriptor is not None:
                _libc().inotify_rm_watch(self._descriptor, watch)

    def _forget(self, watch: int) -> set[asyncio.Event]:
        for directory in [each for each, number in self._watches.items() if number == watch]:
            del self._watches[directory]
        return self._followers.pop(watch, set())

    def _watch(self, directory: Path) -> int | None:
        if self._descriptor is None and not self._open():
            return None
        mask = _IN_MODIFY | _IN_CREATE | _IN_MOVED_TO | _IN_ONLYDIR
        watch: int = _libc().inotify_add_watch(self._descriptor, os.fsencode(directory), mask)
        if watch < 0:
            number = ctypes.get_errno()
            if number not in (errno.ENOENT, errno.ENOTDIR):
                _log.warning("cannot watch %s (%s); polling it", directory, os.strerror(number))
            return None
        return watch

    def _open(self) -> bool:
        if self._unavailable:
            return False
        try:
            descriptor: int = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:
            descriptor = -1
        if descriptor < 0:
            self._unavailable = True
            return False
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._take)
        return True

    def _take(self) -> None:
        """Read what the kernel noticed and wake the followers."""
        if self._descriptor is None:
            return
        try:
            data = os.read(self._descriptor, _READ_SIZE)
        except BlockingIOError:
            return
        seen: set[int] = set()
        position = 0
        while position < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, position)
            position += _EVENT.size + length
            if mask & _IN_Q_OVERFLOW:
                seen.update(self._followers)
            elif mask & _IN_IGNORED:
                _wake(self._forget(watch))
            else:
                seen.add(watch)
        for watch in seen:
            _wake(self._followers.get(watch, set()))


def _wake(followers: set[asyncio.Event]) -> None:
    for follower in followers:
        follower.set()


_loaded: list[ctypes.CDLL] = []


def _libc() -> ctypes.CDLL:
    if not _loaded:
        _loaded.append(ctypes.CDLL(None, use_errno=True))
    return _loaded[0]
