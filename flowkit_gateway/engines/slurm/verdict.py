"""What became of an attempt, of what its node left and of what Slurm says of its job.

Sources: squeue(1), "JOB STATE CODES".
"""

from __future__ import annotations

from typing import NamedTuple

from flowkit_gateway.engines.engine import State
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.slurm.jobs import HOPELESS, Job

_ENDED_BY_SLURM = {
    "TIMEOUT": ("max_run_time", "ended by Slurm at its time limit"),
    "DEADLINE": ("max_run_time", "ended by Slurm at its deadline"),
    "OUT_OF_MEMORY": ("out_of_memory", "used more memory than Slurm gave it"),
    "PREEMPTED": ("preempted", "preempted by Slurm"),
    "CANCELLED": ("cancelled", "cancelled in Slurm"),
    "REVOKED": ("cancelled", "revoked by Slurm"),
}
_NODE_LOST = ("NODE_FAIL", "BOOT_FAIL")
_TO_START_ANEW = ("PREEMPTED", *_NODE_LOST)


class Verdict(NamedTuple):
    """What to report of an attempt that is over."""

    state: State
    reason: str | None = None
    message: str | None = None


def needs_verdict(ended: Outcome) -> bool:
    """Say whether an outcome alone may not tell why: a command that failed may have been ended.

    Slurm asks all processes of a job alike to end, at a time limit say. What the command makes of
    that is up to it; Slurm says that it did so once the job has ended.
    """
    return ended.reason == "cancelled" or (ended.reason == "exited" and ended.exit_code != 0)


def of_outcome(ended: Outcome, job: Job | None) -> Verdict:
    """Return why an attempt ended that flowkit was not asked to end, and that left an outcome."""
    state = job.state if job is not None else ""
    if state in _NODE_LOST:
        return Verdict(State.LOST, "node_lost", _lost_node(job))
    if state in _ENDED_BY_SLURM:
        return Verdict(State.ENDED, *_ENDED_BY_SLURM[state])
    if ended.reason == "cancelled":
        return Verdict(State.ENDED, "cancelled", "asked to end by something other than flowkit")
    return Verdict(State.ENDED, ended.reason, ended.message or None)


def without_outcome(job: Job | None, said: str) -> Verdict:
    """Return what became of an attempt that a node had begun and that left no outcome.

    Args:
        job: its job; None when Slurm knows of none any more.
        said: the last thing that Slurm logged of it.
    """
    if job is None:
        return Verdict(
            State.LOST, "node_lost", "Slurm knows its job no more, and it left no outcome"
        )
    if job.state in _NODE_LOST:
        return Verdict(State.LOST, "node_lost", _lost_node(job))
    if job.state in _ENDED_BY_SLURM:
        return Verdict(State.ENDED, *_ENDED_BY_SLURM[job.state])
    why = said or f"Slurm says {job.state}"
    return Verdict(State.LOST, "node_lost", f"its supervisor was killed: {why}")


def never_begun(job: Job | None, said: str, *, cancelled: bool) -> Verdict:
    """Return what became of an attempt that no node had begun, and that none will begin now.

    Args:
        job: its job; None when Slurm knows of none.
        said: the last thing that Slurm logged of it.
        cancelled: flowkit was asked to end it.
    """
    if cancelled:
        return Verdict(State.ENDED, "cancelled", "cancelled before it started")
    if job is None or job.state in _TO_START_ANEW:
        return Verdict(State.NEVER_STARTED)
    if job.state in _ENDED_BY_SLURM:
        return Verdict(State.ENDED, *_ENDED_BY_SLURM[job.state])
    if job.reason in HOPELESS:
        return Verdict(State.ENDED, HOPELESS[job.reason], f"Slurm: {job.reason}")
    why = said or f"{job.state} ({job.reason})"
    return Verdict(State.ENDED, "start_failed", f"Slurm could not start it: {why}")


def _lost_node(job: Job | None) -> str:
    return f"Slurm lost a node of {job.nodes}" if job is not None and job.nodes else "a node failed"
