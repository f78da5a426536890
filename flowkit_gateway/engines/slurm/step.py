"""Several nodes that run one command together: all start or none, and they end together.

The job's script leads: it starts one process a node by `srun`, watches for the first that fails,
has the others stopped, and writes the outcome of the whole. Leader and nodes talk through two files
of the attempt's directory, which are there from the beginning: a network file system may go on for
a minute to say that a file is missing, but opens one as it is. Standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time

from flowkit_gateway.engines.local import claim, outcome, outputs, procfs
from flowkit_gateway.engines.local.command import Job, workspace
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.node_dirs import node_dir
from flowkit_gateway.engines.slurm.cluster_job import ClusterJob

VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "FLOWKIT_NODE_IPS", "FLOWKIT_NUM_NODES")
"""What the leader tells the nodes through their environment."""

_AWAITED = {signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD}
_LOOK_EVERY = 0.25
_SPARE = 10.0
"""Seconds beyond the grace period after which nodes are not waited for any more."""


def lead(job: ClusterJob, part: list[str]) -> int:
    """Run an attempt from claim to outcome on all of its nodes, and return the job's exit code.

    Args:
        job: what to run.
        part: the command that runs one node's part of it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    run_dir, started_at = job["run_dir"], time.time()
    reserved = outcome.reserve(run_dir)
    own = procfs.process(os.getpid())
    start_time = own.start_time if own else 0
    if not claim.take(run_dir, claim.Claim(os.getpid(), start_time, procfs.boot_id())):
        os.unlink(reserved)
        return 0
    for path in (workspace(job), *(node_dir(run_dir, rank) for rank in _ranks(job))):
        os.makedirs(path, 0o700, exist_ok=True)
    for name in ("stop", "failures"):
        with open(f"{run_dir}/{name}", "x"):
            pass
    gang = _Gang(job, _start(job, part))
    gang.follow()
    ended = gang.outcome(started_at)
    lost = outputs.keep(job, lambda: gang.forced)
    message = "; ".join(filter(None, (ended.message, lost)))
    outcome.write(run_dir, reserved, ended._replace(message=message))
    return 1 if ended.exit_code is None else min(ended.exit_code, 255)


def part_of(job: ClusterJob, rank: int) -> Job:
    """Return one node's part of an attempt: all nodes share the attempt's workspace."""
    own = job.copy()
    own["run_dir"] = node_dir(job["run_dir"], rank)
    own["working_dir"] = job["working_dir"] or workspace(job)
    own["outputs"] = []
    return own


def tell_failure(run_dir: str, rank: int) -> None:
    """Tell the leader that a node has failed."""
    with open(f"{run_dir}/failures", "a") as file:
        file.write(f"{rank}\n")


def asked_to_stop(run_dir: str) -> signal.Signals | None:
    """Return the signal by which the leader asks a node to stop, if it does."""
    with open(f"{run_dir}/stop") as file:
        name = file.read()
    return signal.Signals[name] if name else None


def _ranks(job: ClusterJob) -> range:
    return range(job["num_instances"])


def _start(job: ClusterJob, part: list[str]) -> subprocess.Popen[bytes]:
    addresses = node_addresses()
    env = {
        **os.environ,
        "MASTER_ADDR": addresses[0],
        "MASTER_PORT": str(free_port()),
        "FLOWKIT_NODE_IPS": ",".join(addresses),
        "FLOWKIT_NUM_NODES": str(job["num_instances"]),
    }
    # Slurm's own ways to end a step early kill, so that output would be lost.
    step = ("--nodes", str(job["num_instances"]), "--ntasks-per-node=1", "--wait=0")
    more = (f"--cpus-per-task={job['cpus']}", "--kill-on-bad-exit=0", "--export=ALL")
    return subprocess.Popen(["srun", *step, *more, *part], env=env, stdin=subprocess.DEVNULL)


def node_addresses() -> list[str]:
    """Return the addresses of the job's nodes by rank; names where there is no better."""
    listed = subprocess.run(
        ["scontrol", "--oneliner", "show", "node", os.environ["SLURM_JOB_NODELIST"]],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    named = dict(re.findall(r"^NodeName=(\S+).*? NodeAddr=(\S+)", listed, re.MULTILINE))
    names = subprocess.run(
        ["scontrol", "show", "hostnames"], capture_output=True, text=True, check=True
    ).stdout.split()
    return [_resolved(named.get(name, name)) for name in names]


def _resolved(name: str) -> str:
    try:
        return socket.gethostbyname(name)
    except OSError:
        return name


def free_port() -> int:
    """Return a port of this node that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


class _Gang:
    """The nodes of one attempt, as its leader sees them.

    Args:
        job: what they run.
        step: the `srun` that runs them.
    """

    def __init__(self, job: ClusterJob, step: subprocess.Popen[bytes]) -> None:
        self._job = job
        self._step = step
        self._cancelled = False
        self._give_up_at: float | None = None
        self.forced = False
        """Somebody has asked to end at once."""

    def follow(self) -> None:
        """Wait until all nodes have ended."""
        while self._step.poll() is None:
            caught = signal.sigtimedwait(_AWAITED, _LOOK_EVERY)
            number = caught.si_signo if caught is not None else None
            if number in (signal.SIGTERM, signal.SIGUSR1):
                self._cancelled = self._cancelled or self._give_up_at is None
                self.forced = self.forced or number == signal.SIGUSR1
                self._stop("SIGUSR1" if self.forced else "SIGTERM")
            elif self._give_up_at is None and self._first_failure() is not None:
                self._stop("SIGTERM")
            elif self._give_up_at is not None and time.monotonic() > self._give_up_at:
                # To srun this means to kill the step.
                self._step.terminate()

    def _stop(self, name: str) -> None:
        grace = 0.0 if self.forced else self._job["grace_period"]
        self._give_up_at = time.monotonic() + grace + _SPARE
        with open(f"{self._job['run_dir']}/stop", "w") as file:
            file.write(name)

    def _first_failure(self) -> int | None:
        with open(f"{self._job['run_dir']}/failures") as file:
            first = file.readline()
        return int(first) if first.endswith("\n") else None

    def outcome(self, started_at: float) -> Outcome:
        """Return how the whole ended: as the first node that failed, or as all of them."""
        run_dir = self._job["run_dir"]
        ends = {rank: outcome.read(node_dir(run_dir, rank)) for rank in _ranks(self._job)}
        dropped = sum(end.output_dropped for end in ends.values() if end)
        failed = self._first_failure()
        told = None if failed is None else ends[failed]
        silent = [rank for rank, end in ends.items() if end is None]
        code: int | None
        if self._cancelled:
            code, reason, message = ends[0].exit_code if ends[0] else None, "cancelled", "cancelled"
        elif told is not None:
            code, reason = told.exit_code, told.reason
            message = f"node {failed}: {told.message or f'exited with {code}'}"
        elif silent:
            code, reason = None, "node_lost"
            message = f"node {silent[0]} ended without an outcome"
        else:
            code, reason, message = 0, "exited", ""
        return Outcome(code, reason, message, started_at, time.time(), dropped)
