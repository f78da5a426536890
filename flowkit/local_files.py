"""Files of this machine that are sent or received."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flowkit.errors import FileChanged, FileNotFound, FlowError, InvalidPath, InvalidResponse
from flowkit.transfers import CHUNK

_EPOCH = datetime.fromtimestamp(0, UTC)


class LocalEntry(NamedTuple):
    """A file, or a directory with nothing in it, of a tree that is sent."""

    path: str
    relative: str
    """Below the tree's top, with `/` between names."""
    size: int | None
    """None for a directory."""


class Survey(NamedTuple):
    """What there is to send."""

    is_directory: bool
    files: int
    size_bytes: int
    skipped: list[str]
    """What is left out, each with the reason."""


class SourceFile:
    """A file that is sent, its checksum computed as it is read.

    Args:
        path: Where it is.

    Raises:
        FileNotFound: There is none.
        FlowError: It cannot be read, or is no file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        with telling("read", path):
            # A pipe without a writer would block even to open it.
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self._status = os.fstat(self._fd)
        if not stat.S_ISREG(self._status.st_mode):
            self.close()
            raise InvalidPath(f"{path} is no file", hint="only files and directories are sent")
        self._hash = hashlib.sha256()
        self._hashed = 0

    @property
    def size(self) -> int:
        """Bytes of it when it was opened."""
        return self._status.st_size

    @property
    def mode(self) -> int:
        """Permission bits."""
        return stat.S_IMODE(self._status.st_mode)

    @property
    def modified_at(self) -> datetime:
        """When its content was last changed."""
        return _EPOCH + timedelta(microseconds=self._status.st_mtime_ns // 1000)

    def chunk(self, offset: int, size: int) -> bytes:
        """Return the bytes at an offset, which is at most where the last chunk ended.

        Raises:
            FileChanged: There are none any more.
        """
        with telling("read", self.path):
            data = os.pread(self._fd, size, offset)
        if not data:
            raise self._changed()
        if offset <= self._hashed < offset + len(data):
            self._hash.update(memoryview(data)[self._hashed - offset :])
            self._hashed = offset + len(data)
        return data

    def whole(self) -> bytes:
        """Return all bytes.

        Raises:
            FileChanged: It is shorter or longer now.
        """
        parts, offset = [], 0
        while offset < self.size:
            parts.append(self.chunk(offset, self.size - offset))
            offset += len(parts[-1])
        self.demand_unchanged()
        return b"".join(parts)

    def sha256(self) -> str:
        """Return the checksum of what has been read."""
        return self._hash.hexdigest()

    def demand_unchanged(self) -> None:
        """Raise if the file was written to since it was opened.

        Raises:
            FileChanged: It was.
        """
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._status.st_size, self._status.st_mtime_ns):
            raise self._changed()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _changed(self) -> FileChanged:
        return FileChanged(
            f"{self.path} changed while it was uploaded",
            hint="upload it again when nothing writes to it any more",
        )


class PartialFile:
    """A file that is received, under a name of its own until it is whole.

    Args:
        path: Where it is to be; directories above it are made.

    Raises:
        FlowError: It cannot be created.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        parent = os.path.dirname(path) or "."
        self._partial: str | None = os.path.join(parent, f".flowkit-{secrets.token_hex(8)}")
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        with telling("write", path):
            os.makedirs(parent, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(self._partial, flags, 0o600)

    def add(self, chunk: bytes) -> bool:
        """Take bytes, and say whether there are enough of them to be written."""
        self._waiting.append(chunk)
        self._waiting_size += len(chunk)
        self.size += len(chunk)
        return self._waiting_size >= CHUNK

    def flush(self) -> None:
        """Write what was taken.

        Raises:
            FlowError: It cannot be written, as on a full disk.
        """
        rest = memoryview(b"".join(self._waiting))
        self._waiting, self._waiting_size = [], 0
        with telling("write", self.path):
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def finish(self, mode: int, modified_at: datetime) -> None:
        """Put the file in its place, in one step.

        Raises:
            FlowError: It cannot be, as there is a directory.
        """
        self.flush()
        with telling("write", self.path):
            # Neither setuid nor setgid: the file is another's on another machine.
            os.fchmod(self._fd, mode & 0o777)
            # Not as a float, which would be a little earlier.
            nanoseconds = (modified_at - _EPOCH) // timedelta(microseconds=1) * 1000
            os.utime(self._fd, ns=(nanoseconds, nanoseconds))
            if self._partial is not None:
                os.rename(self._partial, self.path)
                self._partial = None

    def discard(self) -> None:
        """Close the file, and remove what is not whole."""
        os.close(self._fd)
        if self._partial is not None:
            os.unlink(self._partial)


def is_directory(path: str) -> bool:
    """Say whether what is to be sent is a directory; else it is a file.

    Raises:
        FileNotFound: There is nothing.
        FlowError: It is neither, or cannot be looked at.
    """
    with telling("read", path):
        mode = os.stat(path).st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise FlowError(
            f"{path} is neither a file nor a directory",
            code="local_file_error",
            hint="write what comes from it to a file, and send that",
        )
    return stat.S_ISDIR(mode)


def survey(path: str) -> Survey:
    """Count what is to be sent of a file or a directory.

    Raises:
        FileNotFound: There is nothing.
        InvalidPath: A name in the directory is not UTF-8.
        FlowError: It cannot be read.
    """
    if not is_directory(path):
        return Survey(False, 1, os.path.getsize(path), [])
    files = size_bytes = 0
    skipped: list[str] = []
    for entry in local_tree(path, skipped):
        if entry.size is not None:
            files, size_bytes = files + 1, size_bytes + entry.size
    return Survey(True, files, size_bytes, skipped)


def local_tree(root: str, skipped: list[str]) -> Iterator[LocalEntry]:
    """Yield what is in a directory, in the order of names.

    A link is followed to a file of the same tree. What else is no file and no directory is left
    out.

    Args:
        root: The directory.
        skipped: Told what was left out, each with the reason.

    Raises:
        InvalidPath: A name is not UTF-8, or has control characters.
        FlowError: A directory cannot be read.
    """
    whole = os.path.realpath(root)
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        with (
            telling("read", os.path.join(root, relative)),
            os.scandir(os.path.join(root, relative)) as scan,
        ):
            entries = sorted(scan, key=lambda entry: entry.name)
        if not entries and relative:
            yield LocalEntry(os.path.join(root, relative), relative, None)
        below = []
        for entry in entries:
            name = f"{relative}/{entry.name}" if relative else entry.name
            _demand_text(name)
            if entry.is_dir(follow_symlinks=False):
                below.append(name)
            elif reason := _why_skipped(entry, whole):
                skipped.append(f"{name}: {reason}")
            else:
                yield LocalEntry(entry.path, name, entry.stat().st_size)
        waiting.extend(reversed(below))


def _why_skipped(entry: os.DirEntry[str], root: str) -> str | None:
    if entry.is_symlink():
        target = os.path.realpath(entry.path)
        if not os.path.exists(target):
            return "a link to nothing"
        if not target.startswith(f"{root}/"):
            return "a link that leaves the directory"
        if not os.path.isfile(target):
            return "a link to what is no file"
        return None
    return None if entry.is_file(follow_symlinks=False) else "neither a file nor a directory"


def _demand_text(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise InvalidPath(
            f"the name {shown} is not UTF-8", hint="rename it, or leave it out"
        ) from error
    if re.search(r"[\x00-\x1f\x7f-\x9f]", name):
        raise InvalidPath(
            f"the name {name!r} has characters in it that no path should have",
            hint="rename it, or leave it out",
        )


def inside(root: str, relative: str) -> str:
    """Return the path of what a gateway calls by a name below a directory.

    Raises:
        InvalidResponse: The name would leave the directory.

    Example:
        >>> inside("data", "a/b")
        'data/a/b'
    """
    names = relative.split("/")
    if any(name in ("", ".", "..") or "\0" in name for name in names):
        raise InvalidResponse(
            f"the gateway names a file {relative[:80]!r}, which is in no directory",
            hint="is this a flowkit gateway?",
        )
    return os.path.join(root, *names)


def make_directory(path: str) -> None:
    """Make a directory and those above it.

    Raises:
        FlowError: It cannot be made.
    """
    with telling("make", path):
        os.makedirs(path, exist_ok=True)


@contextmanager
def telling(doing: str, path: str) -> Iterator[None]:
    """Say in flowkit's words what the system has against a local file.

    Args:
        doing: `read`, `write` or `make`.
        path: The file.

    Raises:
        FileNotFound: There is none.
        FlowError: Anything else.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFound(
            f"there is no file {path} on this machine", hint="check the path"
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a NUL is in its name"
        raise FlowError(
            f"cannot {doing} {path}: {reason}",
            code="local_file_error",
            hint="check the path and its permissions"
            if doing == "read"
            else "check its permissions, and that the disk has room",
        ) from error
