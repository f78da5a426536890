"""Processes as the kernel describes them (proc(5)). Standard library only."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import NamedTuple

_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """What `/proc/<pid>/stat` says of a process."""

    pid: int
    state: str
    parent: int
    group: int
    start_time: int
    """Clock ticks from the machine's start to the process's; with the pid it names one process."""
    session: int = 0


def boot_id() -> str:
    """Return a name for the time since the machine was started."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def process(pid: int) -> Process | None:
    """Describe a process, or return None when there is none with this pid."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return None
    try:
        text = os.read(descriptor, 4096)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # The second field is the program's name in parentheses and may itself hold any character.
    fields = text[text.rindex(b")") + 2 :].split(None, 20)
    state, (parent, group, session) = fields[0].decode(), map(int, fields[1:4])
    return Process(pid, state, parent, group, int(fields[19]), session)


def alive(pid: int, start_time: int) -> bool:
    """Say whether the process that was given this pid at this time is still running."""
    found = process(pid)
    return found is not None and found.start_time == start_time and found.state not in "ZX"


def processes() -> Iterator[int]:
    """Yield the pid of every process."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def _children_by_list(pid: int) -> list[int] | None:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    except FileNotFoundError:
        # Either the process is gone or the kernel keeps no such lists.
        return None if os.path.exists(f"/proc/{pid}") else []
    except OSError:
        return []
    return found


def _children_by_scan(pid: int) -> list[int]:
    found = []
    for candidate in processes():
        description = process(candidate)
        if description is not None and description.parent == pid:
            found.append(candidate)
    return found


def children(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    listed = _children_by_list(pid)
    return _children_by_scan(pid) if listed is None else listed


def descendants(pid: int, spare: Callable[[int], bool] = lambda _: False) -> list[Process]:
    """Describe everything that a process started, parents before their children.

    Args:
        pid: The process.
        spare: Whether a process is to be left out, with everything that it started.
    """
    found: list[Process] = []
    waiting = [pid]
    seen = {pid}
    while waiting:
        parent = waiting.pop()
        for child in children(parent):
            description = None if child in seen else process(child)
            if description is not None and description.parent == parent and not spare(child):
                seen.add(child)
                found.append(description)
                waiting.append(child)
    return found


def send_signal(target: Process, number: int) -> bool:
    """Signal exactly this process, never another one that was given its pid since.

    Returns whether the process was there to be signalled.

    Raises:
        PermissionError: it belongs to another user.
    """
    try:
        if not hasattr(os, "pidfd_open"):
            return _send_unpinned(target, number)
        descriptor = os.pidfd_open(target.pid)
    except OSError:
        return False
    try:
        if not alive(target.pid, target.start_time):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _send_unpinned(target: Process, number: int) -> bool:
    if not alive(target.pid, target.start_time):
        return False
    os.kill(target.pid, number)
    return True


def end(found: list[Process], numbers: tuple[int, ...]) -> int:
    """Send signals to processes; return how many of them could be signalled."""
    reached = 0
    for target in found:
        if target.state in "ZX":
            continue
        try:
            reached += all(send_signal(target, number) for number in numbers)
        except PermissionError:
            continue
    return reached


def resident_bytes(found: list[Process]) -> int:
    """Add up the resident memory of processes; shared pages count for each."""
    pages = 0
    for target in found:
        text = _text(f"/proc/{target.pid}/statm")
        if text:
            pages += int(text.split()[1])
    return pages * _PAGE_SIZE


def proportional_bytes(found: list[Process]) -> int:
    """Add up the memory of processes; a shared page counts in equal parts for its sharers."""
    total = 0
    for target in found:
        for line in _text(f"/proc/{target.pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _text(path: str) -> bytes:
    """Read a file of a process; empty when the process is gone or somebody else's."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def environment(pid: int) -> bytes:
    """Return a process's environment as it was at its start; empty when it cannot be seen."""
    return _text(f"/proc/{pid}/environ")


def marked(is_marked: Callable[[bytes], bool]) -> list[Process]:
    """Describe the processes whose environment, as it was at their start, satisfies a test."""
    found = []
    for pid in processes():
        description = process(pid)
        block = environment(pid)
        if description is not None and block and is_marked(block):
            found.append(description)
    return found
