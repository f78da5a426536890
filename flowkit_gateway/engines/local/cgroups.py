"""Memory limits of attempts through control groups, v1 or v2. Standard library only.

Sources: Linux kernel documentation, cgroup-v1/memory and cgroup-v2.
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple


class MemoryRoot(NamedTuple):
    """Where cgroups with a memory limit can be made."""

    path: str
    """Directory in which a group can be made."""
    home: str
    """Directory of the group that the gateway's processes are in."""
    version: int


class MemoryGroup:
    """The cgroup of one attempt, entered by the calling process.

    What the caller starts is born in the group; then the caller leaves it.

    Args:
        root: Where to make it.
        name: Its name there.
        limit: Most memory in bytes that its processes may use together.

    Raises:
        OSError: it could not be made or entered.
    """

    def __init__(self, root: MemoryRoot, name: str, limit: int) -> None:
        self._home = root.home
        self._version = root.version
        self.path = f"{root.path}/{name}"
        os.mkdir(self.path)
        try:
            self._limit(limit)
            _write(f"{self.path}/cgroup.procs", "0")
        except OSError:
            os.rmdir(self.path)
            raise

    def _limit(self, limit: int) -> None:
        if self._version == 1:
            _write(f"{self.path}/memory.limit_in_bytes", str(limit))
            # Without a bound on swap the limit would only make the task slow.
            _write_where_present(f"{self.path}/memory.memsw.limit_in_bytes", str(limit))
        else:
            _write(f"{self.path}/memory.max", str(limit))
            _write_where_present(f"{self.path}/memory.swap.max", "0")
            _write_where_present(f"{self.path}/memory.oom.group", "1")

    def leave(self) -> None:
        """Move the calling process back."""
        _write(f"{self._home}/cgroup.procs", "0")

    def kills(self) -> int:
        """Return how many processes the kernel killed for want of memory."""
        name = "memory.oom_control" if self._version == 1 else "memory.events"
        with open(f"{self.path}/{name}") as file:
            for line in file:
                key, value = line.split()
                if key == "oom_kill":
                    return int(value)
        return 0

    def remove(self) -> None:
        """Remove the group; one in which a process cannot be ended stays."""
        remove(self.path)


def group_name(pid: int, start_time: int) -> str:
    """Name the group of the attempt that this supervisor owns."""
    return f"flowkit-{pid}-{start_time}"


def remove(path: str) -> None:
    """Remove a group if it is there and empty."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EBUSY):
            raise


def memory_root() -> MemoryRoot | None:
    """Find where this process may make cgroups with a memory limit; None where it may not."""
    groups = [line.split(":", 2) for line in _lines("/proc/self/cgroup")]
    for _, controllers, path in groups:
        if controllers == "memory":
            return _v1_root(path)
    for hierarchy, controllers, path in groups:
        if hierarchy == "0" and not controllers:
            return _v2_root(path)
    return None


def _v1_root(path: str) -> MemoryRoot | None:
    for kind, options, root, mount in _mounts():
        if kind == "cgroup" and "memory" in options.split(","):
            own = _below(mount, root, path)
            return MemoryRoot(own, own, 1) if _may_enter(own) else None
    return None


def _v2_root(path: str) -> MemoryRoot | None:
    for kind, _, root, mount in _mounts():
        if kind == "cgroup2":
            own = _below(mount, root, path)
            # A v2 group that holds processes cannot hand the controller to children, so the
            # group beside the gateway's own is the usual place; the real root is the exception.
            for candidate in (own, os.path.dirname(own)):
                handed_on = " ".join(_lines(f"{candidate}/cgroup.subtree_control")).split()
                if "memory" in handed_on and _may_enter(candidate) and _may_enter(own):
                    return MemoryRoot(candidate, own, 2)
    return None


def _below(mount: str, root: str, path: str) -> str:
    """Find a group's directory under a mount that may show only a part of the hierarchy."""
    if root != "/" and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    return mount + path.rstrip("/")


def _may_enter(group: str) -> bool:
    return os.access(group, os.W_OK) and os.access(f"{group}/cgroup.procs", os.W_OK)


def _mounts() -> list[tuple[str, str, str, str]]:
    """List kind, options, root and mount point of what is mounted (proc(5), mountinfo)."""
    found = []
    for line in _lines("/proc/self/mountinfo"):
        place, _, source = line.partition(" - ")
        fields, kinds = place.split(), source.split()
        found.append((kinds[0], kinds[-1], fields[3], fields[4]))
    return found


def _lines(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.read().splitlines()
    except OSError:
        return []


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _write_where_present(path: str, text: str) -> None:
    if os.path.exists(path):
        _write(path, text)
