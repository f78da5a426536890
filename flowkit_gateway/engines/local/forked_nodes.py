"""The nodes of a gang on one machine: supervisors that its leader has forked. Stdlib only."""

from __future__ import annotations

import ctypes
import os
import signal
import time

from flowkit_gateway.engines import gang
from flowkit_gateway.engines.local import cgroups, claim, crash, outcome, procfs, supervisor, tree
from flowkit_gateway.engines.local.command import Job
from flowkit_gateway.engines.local.program import NotStarted
from flowkit_gateway.engines.node_dirs import node_dir

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

_UNREACHABLE_AFTER = 5.0
"""Seconds of killing after which processes that may not be signalled are left alone."""


class LocalGang(Job):
    """An attempt of several nodes on this machine."""

    node_env: list[dict[str, str]]
    """By rank, what is each node's own of the environment; `env` is the first node's."""


def lead(job: LocalGang, boot_id: str) -> None:
    """Run an attempt from claim to outcome in a process that was forked to lead its nodes."""
    with crash.told_in(job["run_dir"]):
        os.setsid()
        # What is left of a node whose supervisor was killed becomes the leader's to end.
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gang.lead(job, lambda: ForkedNodes(job, boot_id), boot_id)


class ForkedNodes:
    """Supervisors of one attempt, each of one node; they end at once when their leader dies.

    Args:
        job: the attempt.
        boot_id: names the time since the machine was started.

    Raises:
        NotStarted: there are not enough processes to be had; none of them has run anything.
    """

    def __init__(self, job: LocalGang, boot_id: str) -> None:
        self._job = job
        self._boot_id = boot_id
        self._supervisors: dict[int, int] = {}
        """Of each supervisor that runs, the rank of its node."""
        self._first_failure: int | None = None
        self._lost: list[int] = []
        """Ranks of nodes whose supervisors were killed."""
        self._killing_since: float | None = None
        # Nobody starts before everybody can.
        gate, opener = os.pipe2(os.O_CLOEXEC)
        try:
            for rank in range(job["num_instances"]):
                self._supervisors[self._fork(rank, gate, opener)] = rank
        except OSError as error:
            message = f"cannot start a process for each node: {error.strerror}"
            raise NotStarted(message, None) from error
        else:
            os.write(opener, bytes(job["num_instances"]))
        finally:
            os.close(gate)
            os.close(opener)

    def running(self) -> bool:
        """Say whether anything of them is left."""
        self._reap()
        if self._supervisors and not self._lost:
            return True
        left = [each for each in tree.members(self._supervisors) if each.state not in "ZX"]
        reached = procfs.end(left, (signal.SIGKILL,))
        if self._supervisors or (left and self._goes_on_killing(reached)):
            return True
        for rank in self._lost:
            self._remove_group(rank)
        return False

    def first_failure(self) -> int | None:
        """Return the rank of the node that failed first."""
        return self._first_failure

    def stop(self, number: signal.Signals) -> None:
        """Ask all of them to end: SIGTERM with the grace period, SIGUSR1 at once."""
        for pid in self._supervisors:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """End all of them, whatever becomes of their output."""
        for pid in self._supervisors:
            os.kill(pid, signal.SIGKILL)

    def _fork(self, rank: int, gate: int, opener: int) -> int:
        leader = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            os.close(opener)
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
            may_start = os.read(gate, 1)
            os.close(gate)
            if may_start and os.getppid() == leader:
                own = gang.part_of(self._job, rank)
                own["env"] = {**self._job["env"], **self._job["node_env"][rank]}
                supervisor.supervise(own, self._boot_id)
        finally:
            os._exit(0)

    def _reap(self) -> None:
        ended: list[tuple[float, int]] = []
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            rank = self._supervisors.pop(pid, None)
            if rank is None:
                continue
            end = outcome.read(node_dir(self._job["run_dir"], rank))
            if end is None:
                self._lost.append(rank)
            if end is None or end.exit_code != 0:
                ended.append((end.finished_at if end else time.time(), rank))
        if ended and self._first_failure is None:
            self._first_failure = min(ended)[1]

    def _remove_group(self, rank: int) -> None:
        """Remove the memory limit that a killed supervisor has left, once nothing is in it."""
        owner = claim.read(node_dir(self._job["run_dir"], rank))
        root = self._job["memory_root"]
        if owner is not None and root is not None:
            cgroups.remove(f"{root[0]}/{cgroups.group_name(owner.pid, owner.start_time)}")

    def _goes_on_killing(self, reached: int) -> bool:
        now = time.monotonic()
        if self._killing_since is None:
            self._killing_since = now
        return bool(reached) or now - self._killing_since <= _UNREACHABLE_AFTER
