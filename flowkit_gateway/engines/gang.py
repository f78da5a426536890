"""Several nodes that run one command together: all start or none, and they end together.

One process leads: it claims the attempt, has the nodes started, watches for the first that fails,
has the others stopped, and writes the outcome of the whole. How nodes are started and stopped is
the engine's own. Standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Protocol

from flowkit_gateway.engines.local import claim, outcome, outputs, procfs
from flowkit_gateway.engines.local.command import Job
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.local.program import NotStarted
from flowkit_gateway.engines.node_dirs import node_dir

_AWAITED = {signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD}
_LOOK_EVERY = 0.25
_SPARE = 10.0
"""Seconds beyond the grace period after which nodes are not waited for any more."""


class Nodes(Protocol):
    """The nodes of one attempt, as its leader has started them."""

    def running(self) -> bool:
        """Say whether anything of them is left."""

    def first_failure(self) -> int | None:
        """Return the rank of the node that failed first."""

    def stop(self, number: signal.Signals) -> None:
        """Ask all of them to end: SIGTERM with the grace period, SIGUSR1 at once."""

    def kill(self) -> None:
        """End all of them, whatever becomes of their output."""


def lead(job: Job, start: Callable[[], Nodes], boot_id: str) -> int:
    """Run an attempt from claim to outcome on all of its nodes.

    Args:
        job: what to run.
        start: starts the nodes, all or none of them, or raises NotStarted.
        boot_id: names the time since this machine was started.

    Returns the exit code of the whole; 0 when the attempt is somebody else's.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    run_dir, started_at = job["run_dir"], time.time()
    reserved = outcome.reserve(run_dir)
    own = procfs.process(os.getpid())
    start_time = own.start_time if own else 0
    if not claim.take(run_dir, claim.Claim(os.getpid(), start_time, boot_id)):
        os.unlink(reserved)
        return 0
    for rank in range(job["num_instances"]):
        os.makedirs(node_dir(run_dir, rank), 0o700)
    try:
        nodes = start()
    except NotStarted as error:
        now = time.time()
        ended = Outcome(error.exit_code, "start_failed", str(error), started_at, now, 0)
    else:
        leader = _Leader(job, nodes)
        leader.follow()
        ended = leader.outcome(started_at)
        lost = outputs.keep(job, leader.is_forced)
        message = "; ".join(filter(None, (ended.message, lost)))
        ended = ended._replace(message=message)
    outcome.write(run_dir, reserved, ended)
    return 1 if ended.exit_code is None else min(ended.exit_code, 255)


def part_of(job: Job, rank: int) -> Job:
    """Return one node's part of an attempt: all nodes share the workspace, and its outputs."""
    own = job.copy()
    own["run_dir"] = node_dir(job["run_dir"], rank)
    own["outputs"] = []
    own["max_output_bytes"] = job["max_output_bytes"] // job["num_instances"]
    return own


class _Leader:
    """What leads the nodes of one attempt to one end.

    Args:
        job: what they run.
        nodes: they run already.
    """

    def __init__(self, job: Job, nodes: Nodes) -> None:
        self._job = job
        self._nodes = nodes
        self._cancelled = False
        self._forced = False
        self._give_up_at: float | None = None

    def follow(self) -> None:
        """Wait until all nodes have ended."""
        while self._nodes.running():
            caught = signal.sigtimedwait(_AWAITED, _LOOK_EVERY)
            number = caught.si_signo if caught is not None else None
            if number in (signal.SIGTERM, signal.SIGUSR1):
                # What ended by itself before was not cancelled.
                self._cancelled = self._cancelled or self._give_up_at is None
                self._forced = self._forced or number == signal.SIGUSR1
                self._stop(signal.SIGUSR1 if self._forced else signal.SIGTERM)
            elif self._give_up_at is None and self._nodes.first_failure() is not None:
                self._stop(signal.SIGTERM)
            elif self._give_up_at is not None and time.monotonic() > self._give_up_at:
                self._nodes.kill()

    def is_forced(self) -> bool:
        """Say whether somebody has asked not to wait for anything any longer."""
        return self._forced or signal.SIGUSR1 in signal.sigpending()

    def _stop(self, number: signal.Signals) -> None:
        grace = 0.0 if self._forced else self._job["grace_period"]
        self._give_up_at = time.monotonic() + grace + _SPARE
        self._nodes.stop(number)

    def outcome(self, started_at: float) -> Outcome:
        """Return how the whole ended: as the first node that failed, or as all of them."""
        run_dir, ranks = self._job["run_dir"], range(self._job["num_instances"])
        ends = {rank: outcome.read(node_dir(run_dir, rank)) for rank in ranks}
        dropped = sum(end.output_dropped for end in ends.values() if end)
        silent = next((rank for rank, end in ends.items() if end is None), None)
        failed = self._nodes.first_failure()
        failed = silent if failed is None else failed
        told = None if failed is None else ends[failed]
        code: int | None
        if self._cancelled:
            code, reason, message = ends[0].exit_code if ends[0] else None, "cancelled", "cancelled"
        elif told is not None:
            code, reason = told.exit_code, told.reason
            message = f"node {failed}: {told.message or f'exited with {code}'}"
        elif failed is not None:
            code, reason = None, "node_lost"
            message = f"node {failed}: {outcome.why_missing(node_dir(run_dir, failed))}"
        else:
            code, reason, message = 0, "exited", ""
        return Outcome(code, reason, message, started_at, time.time(), dropped)
