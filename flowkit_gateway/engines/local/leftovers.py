"""Ending what an attempt left running when its supervisor was killed."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Sequence

from flowkit_gateway.engines.local import procfs
from flowkit_gateway.engines.local.claim import Claim
from flowkit_gateway.engines.local.environment import is_of

_log = logging.getLogger(__name__)

_GIVE_UP_AFTER = 10.0
_LOOK_AGAIN_AFTER = 0.01
_SURE_AFTER = 0.5
"""Seconds within which a process that is being executed shows its environment."""


def kill(task_id: str, attempt: int, owners: Sequence[Claim]) -> None:
    """Kill every process of an attempt; blocks until they are gone.

    Orphans have no parent to find them by, so they are known by the environment they were
    started with, their children by their parents, and their neighbours by the session.

    Args:
        task_id: The task.
        attempt: Number of the attempt.
        owners: Its supervisors, whether they still run or not. Each has begun a session, in which
            its processes are unless they have left it.
    """
    began = time.monotonic()
    while True:
        found, unsure = _processes(task_id, attempt, owners)
        procfs.end(found, (signal.SIGKILL,))
        waited = time.monotonic() - began
        if not found and (not unsure or waited > _SURE_AFTER):
            return
        if waited > _GIVE_UP_AFTER:
            pids = ", ".join(str(process.pid) for process in found)
            _log.error("processes of %s cannot be ended: %s", task_id, pids)
            return
        time.sleep(_LOOK_AGAIN_AFTER)


def _processes(
    task_id: str, attempt: int, owners: Sequence[Claim]
) -> tuple[list[procfs.Process], list[procfs.Process]]:
    """Return the processes that are the attempt's, and those that may turn out to be."""
    marked = procfs.marked(lambda environment: is_of(environment, task_id, attempt))
    found = {each.pid: each for each in marked if each.state not in "ZX"}
    found |= {each.pid: each for each in _supervisors(owners)}
    neighbours = {each.pid: each for each in _neighbours(owners) if each.state not in "ZX"}
    # As long as one of them lives, the session's number can be nobody else's.
    sure = {each.session for each in found.values()}
    found |= {each.pid: each for each in neighbours.values() if each.session in sure}
    for pid in list(found):
        found |= {each.pid: each for each in procfs.descendants(pid)}
    # A gateway that a task started carries the task's marks, and must outlive it to clean up.
    spared = {os.getpid(), *(each.pid for each in procfs.descendants(os.getpid()))}
    ours = [each for each in found.values() if each.pid not in spared and each.state not in "ZX"]
    # While a program is being executed, its process shows no environment or that of its parent.
    unsure = [each for each in neighbours.values() if each.pid not in found]
    return ours, unsure


def _supervisors(owners: Sequence[Claim]) -> list[procfs.Process]:
    found = [procfs.process(owner.pid) for owner in owners]
    times = {owner.pid: owner.start_time for owner in owners}
    return [each for each in found if each is not None and each.start_time == times[each.pid]]


def _neighbours(owners: Sequence[Claim]) -> list[procfs.Process]:
    sessions = {owner.pid for owner in owners}
    found = map(procfs.process, procfs.processes())
    return [each for each in found if each is not None and each.session in sessions]
