"""What is in a volume's directory, counted and copied. All of it blocks: call it on a thread.

Tasks may change a tree meanwhile: what has gone is left out, and no link is followed out of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.files.paths import Names
from flowkit_gateway.files.tree import Place, Tree
from flowkit_gateway.problems import FileNotFound, InvalidPath

_FICLONE = 0x40049409  # linux/fs.h
_MOST_AT_ONCE = 16 * 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY
_CANNOT_COPY = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP)

Steps = Generator[None, None, None]


class Usage(NamedTuple):
    """What is in a tree."""

    used_bytes: int
    """Bytes of all files; those with several names count once."""
    file_count: int


class _Directory(NamedTuple):
    """A directory of a tree; `descriptor` is open until the next one is asked for."""

    names: Names
    descriptor: int
    entries: list[os.DirEntry[str]]


def usage(root: Path) -> Generator[None, None, Usage]:
    """Count what is in a directory, in steps.

    Raises:
        Problem: it cannot be read.
    """
    used = count = 0
    seen: set[tuple[int, int]] = set()
    for directory in _walk(root):
        for entry in directory.entries:
            with contextlib.suppress(FileNotFoundError):
                found = entry.stat(follow_symlinks=False)
                identity = (found.st_dev, found.st_ino)
                if stat.S_ISREG(found.st_mode) and identity not in seen:
                    used += found.st_size
                    count += 1
                    if found.st_nlink > 1:
                        seen.add(identity)
            yield
    return Usage(used, count)


def copy_tree(source: Path, target: Path) -> Generator[None, None, bool]:
    """Copy what is in a directory into a new one, in steps.

    Modes and times are kept. Files share their blocks with the original where the file system
    can do that (`ioctl_ficlone(2)`). Sockets, pipes and devices are left out; files with several
    names become several files.

    Returns:
        True once the copy is on the disk.

    Raises:
        Problem: it cannot be copied; a part of the copy may be there.
    """
    os.mkdir(target, 0o700)
    copied = Tree(target)
    directories: list[tuple[Names, os.stat_result]] = []
    for directory in _walk(source):
        directories.append((directory.names, os.fstat(directory.descriptor)))
        with copied.place(directory.names) as place:
            writer = place.open(_DIRECTORY)
            try:
                for entry in directory.entries:
                    with contextlib.suppress(FileNotFoundError):
                        yield from _copy_entry(entry, directory.descriptor, writer)
                    yield
            finally:
                os.close(writer)
    # A directory's time changes with what is put into it, and it may be one to read only.
    for names, found in reversed(directories):
        with copied.place(names) as place:
            descriptor = place.open(_DIRECTORY)
            try:
                _describe(descriptor, found)
            finally:
                os.close(descriptor)
        yield
    _write_to_disk(target)
    return True


def make_durable(directory: Path) -> None:
    """Let what was created or renamed in a directory outlive a loss of power."""
    descriptor = os.open(directory, _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(root: Path) -> Iterator[_Directory]:
    """Yield each directory of a tree; those above another come before it."""
    tree = Tree(root)
    ahead: deque[Names] = deque([()])
    while ahead:
        names = ahead.popleft()
        # A directory may have gone since it was listed; the root must not.
        gone = (FileNotFound, InvalidPath) if names else ()
        with contextlib.suppress(*gone), tree.place(names) as place:
            descriptor = place.open(_DIRECTORY)
            try:
                with os.scandir(descriptor) as listed:
                    entries = list(listed)
                ahead.extend(
                    (*names, entry.name) for entry in entries if entry.is_dir(follow_symlinks=False)
                )
                yield _Directory(names, descriptor, entries)
            finally:
                os.close(descriptor)


def _copy_entry(entry: os.DirEntry[str], source: int, target: int) -> Steps:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.name, dir_fd=source), entry.name, dir_fd=target)
    elif entry.is_dir(follow_symlinks=False):
        os.mkdir(entry.name, 0o700, dir_fd=target)
    elif entry.is_file(follow_symlinks=False):
        # A pipe in the place of the file would keep `open` waiting.
        reader = Place(source, entry.name).open(os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(reader).st_mode):
                yield from _copy_file(reader, Place(target, entry.name))
        finally:
            os.close(reader)


def _copy_file(reader: int, place: Place) -> Steps:
    writer = os.open(
        place.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=place.directory
    )
    try:
        found = os.fstat(reader)
        try:
            fcntl.ioctl(writer, _FICLONE, reader)
        except OSError:
            os.truncate(writer, found.st_size)
            for start, end in _data_ranges(reader, found.st_size):
                yield from _copy_range(reader, writer, start, end)
        _describe(writer, found)
    finally:
        os.close(writer)


def _data_ranges(reader: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where a file has data, so that its holes stay holes (`lseek(2)`)."""
    end = 0
    while end < size:
        try:
            start = os.lseek(reader, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(reader, start, os.SEEK_HOLE)
        yield start, end


def _copy_range(reader: int, writer: int, start: int, end: int) -> Steps:
    in_kernel = True
    while start < end:
        wanted = min(end - start, _MOST_AT_ONCE)
        try:
            copied = os.copy_file_range(reader, writer, wanted, start, start) if in_kernel else 0
        except OSError as error:
            if error.errno not in _CANNOT_COPY:
                raise
            copied = 0
        if copied == 0:
            # Also for file systems whose files have no size beforehand.
            in_kernel = False
            copied = os.pwrite(writer, os.pread(reader, wanted, start), start)
            if copied == 0:  # it has become shorter
                return
        start += copied
        yield


def _describe(descriptor: int, found: os.stat_result) -> None:
    """Give a copy the mode and times of its original."""
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))
    os.utime(descriptor, ns=(found.st_atime_ns, found.st_mtime_ns))


def _write_to_disk(path: Path) -> None:
    """Write a whole file system to its disk: that costs less than each of its files alone."""
    import ctypes  # as few volumes are ever copied

    descriptor = os.open(path, _DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
