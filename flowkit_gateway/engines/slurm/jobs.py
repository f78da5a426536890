"""Slurm's jobs that are ours, as `squeue` lists them: one call tells of all of them.

Sources: squeue(1), "JOB STATE CODES" and "JOB REASON CODES".
"""

from __future__ import annotations

import os
from typing import NamedTuple

from flowkit_gateway.engines.slurm.commands import SlurmError, SlurmUnreachable, call

MARK = "flowkit"
# The comment goes last: it is the one field that may hold anything.
_FORMAT = "%i|%T|%r|%N|%k"

_WAITING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD"})
_RUNNING = frozenset(
    {"RUNNING", "SUSPENDED", "SIGNALING", "STOPPED", "RESIZING", "STAGE_OUT", "SPECIAL_EXIT"}
)
_ENDING = "COMPLETING"

HOPELESS = {
    "DependencyNeverSatisfied": "dependency_failed",
    "BadConstraints": "no_capacity",
    "PartitionNodeLimit": "no_capacity",
    "PartitionTimeLimit": "no_capacity",
}
"""Why a job that waits will never start, and what that is for its task."""

Key = tuple[str, int]
"""A task and the number of an attempt."""


class Job(NamedTuple):
    """What Slurm says of one job."""

    id: int
    state: str
    reason: str
    """Why it waits, or why it ended."""
    nodes: str
    key: Key

    @property
    def waits(self) -> bool:
        """It has not been started."""
        return self.state in _WAITING

    @property
    def runs(self) -> bool:
        """It was started and nobody has said that it ended."""
        return self.state in _RUNNING

    @property
    def ending(self) -> bool:
        """It has ended, and its nodes are being tidied: how it ended is not said yet."""
        return self.state == _ENDING


def comment(key: Key) -> str:
    """Return the comment by which the jobs of an attempt are known.

    Example:
        >>> comment(("task_1", 2))
        'flowkit/task_1/2'
    """
    task_id, attempt = key
    return f"{MARK}/{task_id}/{attempt}"


async def list_jobs() -> dict[Key, list[Job]]:
    """Return every job of this user that an attempt of ours has, the ended ones included.

    Raises:
        SlurmUnreachable: nobody answered.
    """
    options = ("--noheader", "--states=all", f"--user={os.geteuid()}", f"--format={_FORMAT}")
    try:
        text = await call("squeue", *options)
    except SlurmUnreachable:
        raise
    except SlurmError as error:
        # Whatever it is, it says nothing about the jobs.
        raise SlurmUnreachable(str(error)) from error
    return parse_jobs(text)


def parse_jobs(text: str) -> dict[Key, list[Job]]:
    """Return the jobs of attempts, of what `squeue` printed; other jobs are left out.

    Example:
        >>> jobs = parse_jobs("7|RUNNING|None|node1|flowkit/task_1/2\\n8|RUNNING|None|n2|other")
        >>> jobs[("task_1", 2)][0].id
        7
    """
    found: dict[Key, list[Job]] = {}
    for line in text.splitlines():
        fields = line.split("|", 4)
        if len(fields) < 5:
            continue
        number, state, reason, nodes, said = (field.strip() for field in fields)
        mark, _, rest = said.partition("/")
        task_id, _, attempt = rest.partition("/")
        if mark != MARK or not attempt.isdigit() or not number.isdigit():
            continue
        key = (task_id, int(attempt))
        found.setdefault(key, []).append(Job(int(number), state, reason, nodes, key))
    return found
