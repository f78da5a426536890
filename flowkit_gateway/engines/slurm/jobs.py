"""Slurm's jobs that are ours, as `squeue` lists them: one call tells of all of them.

Sources: squeue(1), "JOB STATE CODES" and "JOB REASON CODES".
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from flowkit_gateway.engines.slurm.commands import SlurmError, SlurmUnreachable, call

MARK = "flowkit"
# The comment goes last: it is the one field that may hold anything.
_FORMAT = "%i|%T|%r|%N|%k"
_NAME = re.compile(rf"{MARK}/(\S+)")

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


class Name(NamedTuple):
    """What the jobs of an attempt are known by."""

    comment: str
    """After the mark: its task and its number, or the array that it is an element of."""
    element: int | None = None
    """Its place in the array; None without one."""


class Job(NamedTuple):
    """What Slurm says of one job."""

    id: str
    """As `squeue` writes it, such as `7`, or `7_3` of an array's element."""
    state: str
    reason: str
    """Why it waits, or why it ended."""
    nodes: str

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


def name_of(key: Key) -> Name:
    """Return what the jobs of an attempt are known by that is in no array.

    Example:
        >>> name_of(("task_1", 2)).comment
        'task_1/2'
    """
    task_id, attempt = key
    return Name(f"{task_id}/{attempt}")


async def list_jobs() -> dict[Name, list[Job]]:
    """Return every job of this user that an attempt of ours has, the ended ones included.

    Raises:
        SlurmUnreachable: nobody answered.
    """
    who = (f"--user={os.geteuid()}", "--states=all", "--array")
    try:
        text = await call("squeue", "--noheader", f"--format={_FORMAT}", *who)
    except SlurmUnreachable:
        raise
    except SlurmError as error:
        # Whatever it is, it says nothing about the jobs.
        raise SlurmUnreachable(str(error)) from error
    return parse_jobs(text)


def parse_jobs(text: str) -> dict[Name, list[Job]]:
    """Return the jobs of attempts, of what `squeue` printed; other jobs are left out.

    What an array had left when it was cancelled is listed as one job, which has no index.

    Example:
        >>> jobs = parse_jobs("7_3|RUNNING|None|node1|flowkit/sweep_1.2\\n8|RUNNING|None|n2|other")
        >>> jobs[Name("sweep_1.2", 3)][0].id
        '7_3'
    """
    found: dict[Name, list[Job]] = {}
    for line in text.splitlines():
        fields = line.split("|", 4)
        if len(fields) < 5:
            continue
        number, state, reason, nodes, said = (field.strip() for field in fields)
        named = _NAME.fullmatch(said)
        base, _, index = number.partition("_")
        if named is None or not base.isdigit():
            continue
        name = Name(named[1], int(index) if index.isdigit() else None)
        found.setdefault(name, []).append(Job(number, state, reason, nodes))
    return found
