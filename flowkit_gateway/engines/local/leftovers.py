"""Ending what an attempt left running when its supervisor was killed."""

from __future__ import annotations

import logging
import os
import signal
import time

from flowkit_gateway.engines.local import procfs
from flowkit_gateway.engines.local.environment import is_of

_log = logging.getLogger(__name__)

_GIVE_UP_AFTER = 10.0
_LOOK_AGAIN_AFTER = 0.01


def kill(task_id: str, attempt: int) -> None:
    """Kill every process of an attempt; blocks until they are gone.

    Orphans have no parent to find them by, so they are known by the environment they were
    started with, and their children by their parents.
    """
    give_up_at = time.monotonic() + _GIVE_UP_AFTER
    while found := _processes(task_id, attempt):
        procfs.end(found, (signal.SIGKILL,))
        if time.monotonic() > give_up_at:
            pids = ", ".join(str(process.pid) for process in found)
            _log.error("processes of %s cannot be ended: %s", task_id, pids)
            return
        time.sleep(_LOOK_AGAIN_AFTER)


def _processes(task_id: str, attempt: int) -> list[procfs.Process]:
    found: dict[int, procfs.Process] = {}
    for process in procfs.marked(lambda environment: is_of(environment, task_id, attempt)):
        found |= {each.pid: each for each in (process, *procfs.descendants(process.pid))}
    # A gateway that a task started carries the task's marks, and must outlive it to clean up.
    spared = {os.getpid(), *(each.pid for each in procfs.descendants(os.getpid()))}
    return [each for each in found.values() if each.pid not in spared and each.state not in "ZX"]
