"""What Slurm runs on a node: the local engine's supervisor, with what Slurm gave the job.

Run by `start.py`: once a job as `attempt RUN_DIR` or, of an array, `element MEMBERS INDEX`, and by
the gang's leader once a node as `rank RUN_DIR`. Slurm's signals to it become those of the
supervisor. Standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from flowkit_gateway.engines.local import claim, outcome, procfs, supervisor
from flowkit_gateway.engines.local.command import Job
from flowkit_gateway.engines.ports import free_port
from flowkit_gateway.engines.slurm.cluster_job import ClusterJob, read_job

_FORWARDED = {signal.SIGTERM, signal.SIGUSR1}
_DEVICES = (
    "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "ROCR_VISIBLE_DEVICES",
    "ZE_AFFINITY_MASK",
)
# The one would make what a task runs by srun see an environment without the task's variables, the
# other is the gateway's key to Slurm.
_NOT_PASSED_ON = frozenset({"SLURM_EXPORT_ENV", "SLURM_JWT"})
_LOOK_EVERY = 0.25


def main(arguments: list[str]) -> int:
    """Run the attempt, or this node's part of it, and return the exit code of the job."""
    what, path, *index = arguments
    run_dir = _member(path, int(index[0])) if what == "element" else path
    job = read_job(run_dir)
    if job["umask"] >= 0:
        os.umask(job["umask"])
    if what == "rank":
        return _run_rank(job)
    if job["num_instances"] > 1:
        # Most jobs have one node, and for short ones it is the imports that take the time.
        from flowkit_gateway.engines import gang
        from flowkit_gateway.engines.slurm import step

        part = [sys.executable, "-I", "-S", sys.argv[0], "rank", run_dir]
        return gang.lead(job, lambda: step.Step(job, part), procfs.boot_id())
    address = "127.0.0.1"
    job["env"] = {
        **_from_slurm(),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(free_port()),
        **job["env"],
        **_devices(),
        "FLOWKIT_NODE_RANK": "0",
        "FLOWKIT_NUM_NODES": "1",
        "FLOWKIT_NODE_IPS": address,
    }
    return _supervised(job, None)


def _member(path: str, index: int) -> str:
    """Return the directory of an array's element."""
    with open(path) as file:
        return file.read().splitlines()[index]


def _run_rank(job: ClusterJob) -> int:
    from flowkit_gateway.engines import gang
    from flowkit_gateway.engines.slurm import step

    rank = int(os.environ["SLURM_NODEID"])
    together = {name: os.environ[name] for name in step.VARIABLES}
    master = {name: together.pop(name) for name in ("MASTER_ADDR", "MASTER_PORT")}
    own = gang.part_of(job, rank)
    own["env"] = {
        **_from_slurm(),
        **master,
        **job["env"],
        **_devices(),
        **together,
        "FLOWKIT_NODE_RANK": str(rank),
    }
    code = _supervised(own, lambda: step.asked_to_stop(job["run_dir"]))
    if code:
        step.tell_failure(job["run_dir"], rank)
    return code


def _from_slurm() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("SLURM") and name not in _NOT_PASSED_ON
    }


def _devices() -> dict[str, str]:
    """Return the GPUs that Slurm has bound to the job: none are its to use without."""
    bound = {name: os.environ[name] for name in _DEVICES if name in os.environ}
    return {"CUDA_VISIBLE_DEVICES": "", **bound}


def _supervised(job: Job, asked_to_stop: Callable[[], signal.Signals | None] | None) -> int:
    """Run a command under a supervisor, and return what Slurm is to think of it.

    Args:
        job: what to run.
        asked_to_stop: the signal by which the leader of a gang asks for the end, if it does.
    """
    awaited = {*_FORWARDED, signal.SIGCHLD}
    # The supervisor opens itself to them once it can handle them.
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    pid = os.fork()
    if pid == 0:
        try:
            supervisor.supervise(job, procfs.boot_id())
        finally:
            os._exit(0)
    passed_on = None
    while True:
        caught = signal.sigtimedwait(awaited, _LOOK_EVERY if asked_to_stop else 3600)
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        if caught is not None and caught.si_signo in _FORWARDED:
            os.kill(pid, caught.si_signo)
        asked = asked_to_stop() if asked_to_stop else None
        if asked is not None and asked != passed_on:
            os.kill(pid, asked)
            passed_on = asked
    ended = outcome.read(job["run_dir"])
    if ended is None:
        owner = claim.read(job["run_dir"])
        return 0 if owner is None or owner.void else 1
    return 1 if ended.exit_code is None else min(ended.exit_code, 255)
