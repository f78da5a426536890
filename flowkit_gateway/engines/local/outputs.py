"""What is kept of the files of an ended attempt: its directory `outputs`. Standard library only."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from collections.abc import Callable, Iterable, Iterator

from flowkit_gateway.engines.local.command import Job
from flowkit_gateway.engines.local.mount_namespace import on_the_machine
from flowkit_gateway.engines.local.output import least_free

_MAGIC = frozenset("*?[")
_CHUNK = 64 * 1024 * 1024
_READ_SIZE = 4 * 1024 * 1024
_NO_IN_KERNEL_COPY = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
PARTIAL = "outputs.partial"
"""Its name while it is being filled."""


def keep(job: Job, is_unwanted: Callable[[], bool]) -> str:
    """Fill the attempt's `outputs` with what its patterns match in its working directory.

    It is there as a whole or not at all. Files of the attempt's own workspace are linked, others
    are copied; links that lead out of the working directory, and what is neither file nor
    directory, are left out. What lies on mounts in the working directory is not taken.

    Args:
        job: The attempt, of which nothing runs any more.
        is_unwanted: Asked now and then whether to leave out what is not kept yet.

    Returns what could not be kept, in words; empty when all was.
    """
    if not job["outputs"]:
        return ""
    partial = f"{job['run_dir']}/{PARTIAL}"
    try:
        keeper = _Keeper(job, is_unwanted)
        os.mkdir(partial, 0o700)
        keeper.keep(job["outputs"])
        os.rename(partial, f"{job['run_dir']}/outputs")
    except OSError as error:
        return f"outputs could not be kept: {error.strerror}"
    return keeper.losses()


class _Unwanted(Exception):
    """Nobody wants to wait for the rest."""


class _Keeper:
    """Takes files from one tree into another.

    Args:
        job: The attempt.
        is_unwanted: Whether to stop.
    """

    def __init__(self, job: Job, is_unwanted: Callable[[], bool]) -> None:
        own = os.path.realpath(job["workspace"])
        sources = {mount["target"]: mount["source"] for mount in job["mounts"]}
        self._tree = os.path.realpath(on_the_machine(job["working_dir"] or own, sources))
        self._kept = f"{job['run_dir']}/{PARTIAL}"
        self._may_link = self._tree == own or self._tree.startswith(f"{own}/")
        self._is_unwanted = is_unwanted
        self._not_taken = _identity(os.stat(job["run_dir"]))
        self._lost = 0
        self._first_loss = ""
        self._is_complete = True

    def keep(self, patterns: Iterable[str]) -> None:
        """Take all that patterns match."""
        try:
            for pattern in patterns:
                parts = [part for part in pattern.split("/") if part not in ("", ".")]
                for path in self._matches("", parts) if ".." not in parts else ():
                    self._take(path)
        except _Unwanted:
            self._is_complete = False

    def losses(self) -> str:
        """Say what could not be taken."""
        if not self._is_complete:
            return "not all outputs were kept, as the task was to end at once"
        if self._lost == 0:
            return ""
        if self._lost == 1:
            return f"output not kept: {self._first_loss}"
        return f"{self._lost} outputs not kept, the first: {self._first_loss}"

    def _matches(self, directory: str, parts: list[str]) -> Iterator[str]:
        """Yield the paths below a directory of the tree that the parts of a pattern match."""
        if not parts:
            if directory:
                yield directory
            return
        part, rest = parts[0], parts[1:]
        if part == "**":
            yield from self._matches(directory, rest or ["*"])
            for name in self._names(directory) if rest else ():
                path = _joined(directory, name)
                if os.path.isdir(f"{self._tree}/{path}") and not self._is_link(path):
                    yield from self._matches(path, parts)
            return
        is_name = _MAGIC.isdisjoint(part)
        if is_name:
            names = [part] if os.path.lexists(f"{self._tree}/{_joined(directory, part)}") else []
        else:
            names = [name for name in self._names(directory) if fnmatch.fnmatchcase(name, part)]
        for name in names:
            path = _joined(directory, name)
            if not rest:
                yield path
            elif self._leads_to_directory(path) and (is_name or not self._is_link(path)):
                yield from self._matches(path, rest)

    def _names(self, directory: str) -> list[str]:
        try:
            return sorted(os.listdir(f"{self._tree}/{directory}"))
        except OSError as error:
            self._lose(directory or ".", error)
            return []

    def _is_link(self, path: str) -> bool:
        return os.path.islink(f"{self._tree}/{path}")

    def _leads_to_directory(self, path: str) -> bool:
        real = os.path.realpath(f"{self._tree}/{path}")
        return os.path.isdir(real) and (real + "/").startswith(self._tree.rstrip("/") + "/")

    def _take(self, path: str) -> None:
        """Take a file, or a directory with all that is in it."""
        try:
            os.makedirs(os.path.dirname(f"{self._kept}/{path}"), 0o755, exist_ok=True)
        except OSError as error:
            self._lose(path, error)
            return
        directories: list[tuple[str, os.stat_result]] = []
        waiting = [path]
        while waiting:
            if self._is_unwanted():
                raise _Unwanted
            each = waiting.pop()
            try:
                status = os.lstat(f"{self._tree}/{each}")
                if stat.S_ISDIR(status.st_mode):
                    if _identity(status) != self._not_taken:
                        os.makedirs(f"{self._kept}/{each}", 0o700, exist_ok=True)
                        directories.append((each, status))
                        waiting += [_joined(each, name) for name in self._names(each)]
                else:
                    self._take_file(each, status)
            except FileExistsError:
                # Another pattern has matched it too.
                continue
            except OSError as error:
                self._lose(each, error)
        # A directory's time changes with what is put into it, and it may be one to read only.
        for each, status in reversed(directories):
            _describe(f"{self._kept}/{each}", status)

    def _take_file(self, path: str, status: os.stat_result) -> None:
        source, kept = f"{self._tree}/{path}", f"{self._kept}/{path}"
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(source)
            inside = os.path.normpath(f"{os.path.dirname(path)}/{target}".lstrip("/"))
            if not os.path.isabs(target) and inside.split("/", 1)[0] != "..":
                os.symlink(target, kept)
        elif stat.S_ISREG(status.st_mode) and not self._link(source, kept):
            self._copy(source, kept, status)

    def _link(self, source: str, kept: str) -> bool:
        if not self._may_link:
            return False
        try:
            os.link(source, kept, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:
            # Another file system, too many links, or a file of another user.
            return False
        return True

    def _copy(self, source: str, kept: str, status: os.stat_result) -> None:
        reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            writer = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                self._copy_bytes(reader, writer)
            except BaseException:
                os.unlink(kept)
                raise
            finally:
                os.close(writer)
        finally:
            os.close(reader)
        _describe(kept, status)

    def _copy_bytes(self, reader: int, writer: int) -> None:
        in_kernel = True
        while True:
            if self._is_unwanted():
                raise _Unwanted
            room = _room(writer)
            try:
                copied = os.copy_file_range(reader, writer, room) if in_kernel else 0
            except OSError as error:
                if error.errno not in _NO_IN_KERNEL_COPY:
                    raise
                copied = 0
            if copied == 0:
                # Also for file systems whose files have no size beforehand.
                in_kernel = False
                data = os.read(reader, min(room, _READ_SIZE))
                if not data:
                    return
                while data:
                    data = data[os.write(writer, data) :]

    def _lose(self, path: str, error: OSError) -> None:
        self._lost += 1
        if self._lost == 1:
            name = os.fsencode(path).decode(errors="backslashreplace")
            shown = "".join(each if each.isprintable() else "?" for each in name)
            self._first_loss = f"{shown}: {error.strerror}"


def _room(file: int) -> int:
    """Return how many bytes may be written to a file at once.

    Raises:
        OSError: the disk has none left for what is kept of tasks.
    """
    disk = os.fstatvfs(file)
    room = int(disk.f_bavail * disk.f_frsize - least_free(disk))
    if room <= 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return min(room, _CHUNK)


def _joined(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _describe(path: str, status: os.stat_result) -> None:
    """Give a copy the mode and times of its original."""
    os.chmod(path, stat.S_IMODE(status.st_mode))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
