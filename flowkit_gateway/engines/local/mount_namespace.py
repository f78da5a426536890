"""A task's own view of the file system, with its mounts in it. Standard library only.

The calling process gets a mount namespace of its own and a new root, in which all that the machine
has is bound to where it was. Directories without a place for a target are replaced in this view by
read-only ones that have it, with everything else bound into them, so that nothing is created on the
machine. The kernel takes all of it away with the last process in it.

Sources: mount_namespaces(7), user_namespaces(7), pivot_root(2), mount(2).
"""

from __future__ import annotations

import ctypes
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from flowkit_gateway.engines.local.program import NotStarted

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = 32, 4096, 16384, 1 << 19
_MS_NOATIME, _MS_NODIRATIME, _MS_RELATIME, _MS_STRICTATIME = 1024, 2048, 1 << 21, 1 << 24
_MNT_DETACH = 2
_ST_RELATIME = 4096
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
"""Numbers of the system call, for which the C library has no function."""

_ESCAPED = re.compile(rb"\\([0-7]{3})")
"""Blanks and backslashes of a path, in octal."""

_STAGE = "/proc"
"""Directory that every Linux has; in the namespace it is covered while the new root is built."""


class Mount(TypedDict):
    """What is seen where."""

    target: str
    source: str
    read_only: bool


def enter(mounts: Sequence[Mount], own: str, in_use: Iterable[str]) -> None:
    """Move the calling process, which must have one thread, to a view with these mounts.

    Args:
        mounts: What to mount; the targets are absolute.
        own: Directory of the task's own, where mount points may be created.
        in_use: Directories in which the task creates files, so that they cannot be replaced.

    Raises:
        NotStarted: a target cannot be used, or a source is not there.
        OSError: this process may not do it; its own view may be half built.
    """
    own = os.path.realpath(own)
    used = {os.path.realpath(path) for path in in_use}
    placed = sorted((_resolved(mount) for mount in mounts), key=lambda each: each["target"])
    _refuse_nested(placed)
    for mount in placed:
        if mount["target"].startswith(f"{own}/"):
            _make_place(mount, "")
    replaced = {place for mount in placed if (place := _missing_from(mount, used)) is not None}

    _unshare()
    _mount(None, "/", _MS_REC | _MS_SLAVE)
    _mount("tmpfs", _STAGE, _MS_NOSUID | _MS_NODEV, "tmpfs", "mode=0755")
    os.chdir(_STAGE)
    os.mkdir("old")
    os.mkdir("new")
    _pivot_root("old")
    _build(replaced)
    for mount in placed:
        _put(mount)
    for place in replaced:
        _make_read_only(f"/new{place}")
    os.chdir("/new")
    _pivot_root(".")
    _check(_libc.umount2(b".", _MNT_DETACH))
    os.chdir("/")


def is_allowed() -> bool:
    """Say whether this process may have such a view; it must be one made to find out."""
    try:
        enter([Mount(target="/flowkit/probe", source="/", read_only=True)], "/nowhere", ())
    except (OSError, NotStarted):
        return False
    return True


def on_the_machine(path: str, sources: Mapping[str, str]) -> str:
    """Return where a path of the task's view is outside of it.

    Args:
        path: The path.
        sources: Of each target, what is mounted there.
    """
    for target, source in sources.items():
        if path == target or path.startswith(f"{target}/"):
            return source + path[len(target) :]
    return path


def _resolved(mount: Mount) -> Mount:
    """Follow links while paths mean what they do outside of the view."""
    source = os.path.realpath(mount["source"])
    if not os.path.exists(source):
        raise NotStarted(f"cannot mount {mount['source']}: it is not there", None)
    return Mount(
        target=os.path.realpath(mount["target"]), source=source, read_only=mount["read_only"]
    )


def _refuse_nested(placed: Sequence[Mount]) -> None:
    targets = [mount["target"] for mount in placed]
    for target in targets:
        if target == "/" or targets.count(target) > 1:
            raise NotStarted(f"cannot mount at {target}: it is taken", None)
    for outer in targets:
        for inner in targets:
            if inner.startswith(f"{outer}/"):
                raise NotStarted(f"cannot mount at {inner}: it is inside of {outer}", None)


def _missing_from(mount: Mount, in_use: set[str]) -> str | None:
    """Return the directory that lacks the place for a target; None when the place is there."""
    target = mount["target"]
    if os.path.exists(target):
        if os.path.isdir(target) != os.path.isdir(mount["source"]):
            kind = "a directory" if os.path.isdir(target) else "a file"
            raise NotStarted(f"cannot mount {mount['source']} at {target}: it is {kind}", None)
        return None
    place = os.path.dirname(target)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.isdir(place):
        raise NotStarted(f"cannot mount at {target}: {place} is not a directory", None)
    if place != "/" and (place in in_use or _is_for_everyone(place)):
        raise NotStarted(
            f"cannot mount at {target}: it is not there, and the task writes to {place};"
            " create it, or choose another target",
            None,
        )
    return place


def _is_for_everyone(place: str) -> bool:
    """Say whether a task would expect to create files here."""
    if os.geteuid() != 0 and os.access(place, os.W_OK):
        return True
    return bool(os.stat(place).st_mode & stat.S_IWOTH)


def _unshare() -> None:
    if _libc.unshare(_CLONE_NEWNS) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _build(replaced: set[str]) -> None:
    """Lay out the new root at /new from the old one at /old."""
    if "/" in replaced:
        _mount("/new", "/new", _MS_BIND)
        _fill("/new", "/old")
    else:
        _mount("/old", "/new", _MS_BIND | _MS_REC)
    for number, place in enumerate(sorted(replaced - {"/"})):
        replacement = f"/replacement{number}"
        os.mkdir(replacement)
        _fill(replacement, f"/old{place}")
        _mount(replacement, f"/new{place}", _MS_BIND)


def _fill(directory: str, original: str) -> None:
    """Bind all that a directory has into another one."""
    with os.scandir(original) as entries:
        for entry in entries:
            place = f"{directory}/{entry.name}"
            try:
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), place)
                    continue
                if entry.is_dir():
                    os.mkdir(place)
                else:
                    _make_file(place)
                _mount(entry.path, place, _MS_BIND | _MS_REC)
            except FileNotFoundError:
                # It went away since the directory was read.
                continue
    os.chmod(directory, stat.S_IMODE(os.stat(original).st_mode))


def _put(mount: Mount) -> None:
    _make_place(mount, "/new")
    place = f"/new{mount['target']}"
    _mount(f"/old{mount['source']}", place, _MS_BIND | _MS_REC)
    if mount["read_only"]:
        for point in _mount_points(place):
            _make_read_only(point)


def _make_place(mount: Mount, root: str) -> None:
    place = f"{root}{mount['target']}"
    if os.path.lexists(place):
        return
    try:
        if os.path.isdir(f"{'/old' if root else ''}{mount['source']}"):
            os.makedirs(place, 0o755)
        else:
            os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
            _make_file(place)
    except FileExistsError:
        # Another node of the attempt, which has the same workspace and mounts, was first.
        return


def _make_file(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def _mount_points(place: str) -> list[str]:
    """List what is mounted at a place and below it (proc(5), mountinfo)."""
    with open("/old/proc/self/mountinfo", "rb") as file:
        found = [line.split()[4] for line in file]
    points = [os.fsdecode(_ESCAPED.sub(lambda byte: bytes([int(byte[1], 8)]), at)) for at in found]
    return [point for point in points if point == place or point.startswith(f"{place}/")]


def _make_read_only(point: str) -> None:
    flags = os.statvfs(point).f_flag
    # What is left out is taken away, which a user namespace may not do to the machine's mounts.
    kept = flags & (_MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOATIME | _MS_NODIRATIME)
    if flags & _ST_RELATIME:
        kept |= _MS_RELATIME
    elif not flags & _MS_NOATIME:
        kept |= _MS_STRICTATIME
    _mount(None, point, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept)


def _mount(
    source: str | None, target: str, flags: int, kind: str | None = None, options: str | None = None
) -> None:
    def encoded(text: str | None) -> bytes | None:
        return None if text is None else os.fsencode(text)

    arguments = (encoded(source), os.fsencode(target), encoded(kind))
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), encoded(options)), target)


def _pivot_root(put_old: str) -> None:
    """Make the working directory the root and put the old root at a path in it."""
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(38, f"pivot_root is not known on {os.uname().machine}")
    _check(_libc.syscall(ctypes.c_long(number), b".", os.fsencode(put_old)))
    if put_old != ".":
        os.chdir("/")


def _check(result: int, path: str | None = None) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), path)
