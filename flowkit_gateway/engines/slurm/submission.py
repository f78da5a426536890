"""An attempt as a job of Slurm's: what is asked for, and what the node finds in its directory."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.engines.engine import Launch, StartError
from flowkit_gateway.engines.launched import job_of
from flowkit_gateway.engines.local.environment import ATTEMPT, TASK_ID
from flowkit_gateway.engines.slurm.arrays import LOG_PATTERN, MEMBERS
from flowkit_gateway.engines.slurm.attempt import LOG_FILE
from flowkit_gateway.engines.slurm.cluster_job import JOB_FILE, ClusterJob
from flowkit_gateway.engines.slurm.commands import option_list
from flowkit_gateway.engines.slurm.jobs import MARK, Name
from flowkit_gateway.engines.slurm.nodes import gres
from flowkit_gateway.engines.slurm.options import Options

_SYSTEM_PYTHON = "/usr/bin/python3"
_MIB = 1 << 20
_MINUTE = 60
_SPARE_MINUTES = 2
"""Slurm's limit ends what our own did not, and must not come before it."""


def write_job(launch: Launch, umask: int) -> None:
    """Put into the attempt's directory what its nodes need.

    Args:
        launch: the attempt.
        umask: of its command; -1 for that of this process.

    Raises:
        StartError: it cannot be written.
    """
    env = {
        **launch.env,
        TASK_ID: launch.task_id,
        ATTEMPT: str(launch.attempt),
        "FLOWKIT_GPUS_PER_NODE": str(len(launch.devices)),
    }
    job: ClusterJob = {**job_of(launch, env), "cpus": _cpus(launch), "umask": umask}
    path = launch.run_dir / JOB_FILE
    try:
        # makedirs gives the mode to the last directory only.
        os.makedirs(launch.run_dir.parent, mode=0o700, exist_ok=True)
        os.makedirs(launch.run_dir, mode=0o700, exist_ok=True)
        # It holds the task's environment, with the secrets in it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as file:
            json.dump(job, file)
    except FileExistsError as error:
        raise StartError("the attempt was started or given up before") from error
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}") from error


class Request(NamedTuple):
    """What `sbatch` is asked for."""

    arguments: list[str]
    script: str


def single(launch: Launch, name: Name, options: Options, program: Path) -> Request:
    """Return how to ask for an attempt on its own.

    Args:
        launch: the attempt.
        name: what its job is to be known by.
        options: how to use the cluster.
        program: what runs it on its node.
    """
    log = launch.run_dir / LOG_FILE
    own = _named(name, launch.task_id, _path(log))
    words = shlex.join([str(program), "attempt", str(launch.run_dir)])
    return Request(option_list({**resources(launch, options), **own}), _script(options, words))


def array(
    launches: Sequence[Launch], name: Name, options: Options, program: Path, directory: Path
) -> Request:
    """Return how to ask for attempts of equal needs as one array.

    Args:
        launches: the attempts.
        name: what the array is to be known by.
        options: how to use the cluster.
        program: what runs each of them on its node.
        directory: of the array.
    """
    first = launches[0]
    elements = f"0-{len(launches) - 1}"
    bound = first.array.max_running if first.array is not None else None
    own = _named(name, first.array.id if first.array else "", f"{_path(directory)}/{LOG_PATTERN}")
    own["array"] = elements if bound is None else f"{elements}%{bound}"
    words = shlex.join([str(program), "element", str(directory / MEMBERS)])
    return Request(
        option_list({**resources(first, options), **own}),
        _script(options, f"{words} $SLURM_ARRAY_TASK_ID"),
    )


def _named(name: Name, title: str, log: str) -> dict[str, str]:
    return {"comment": f"{MARK}/{name.comment}", "job-name": title, "output": log}


def _script(options: Options, words: str) -> str:
    """Return the script of a job: it becomes the supervisor.

    What `python3` is on the gateway's PATH, which the job has, may be a script that takes longer to
    find an interpreter than most commands take to run.
    """
    if options.python is not None:
        return f"#!/bin/sh\nexec {shlex.quote(options.python)} -I -S {words}\n"
    find = f"python={_SYSTEM_PYTHON}; [ -x $python ] || python=python3"
    return f"#!/bin/sh\n{find}\nexec $python -I -S {words}\n"


def resources(launch: Launch, options: Options) -> dict[str, str]:
    """Return the flags of `sbatch` for what an attempt needs."""
    said = launch.slurm or {}
    asked: dict[str, str] = {**options.flags, **said, "parsable": "", "no-requeue": ""}
    asked |= {
        "open-mode": "append",
        "input": "/dev/null",
        # All that `sbatch` itself sees, which is little. With anything else Slurm would run the
        # user's login shell on the node to find the rest, a job at a time.
        "export": "ALL",
        "nodes": str(launch.num_instances),
        "ntasks-per-node": "1",
        "cpus-per-task": str(_cpus(launch)),
    }
    if launch.memory_bytes:
        asked["mem"] = f"{math.ceil(launch.memory_bytes / _MIB)}M"
    generic = ",".join(filter(None, (gres(launch.devices), said.get("gres"))))
    if generic:
        asked["gres"] = generic
    if launch.reservation is not None:
        asked["reservation"] = launch.reservation
    if launch.max_run_time is not None:
        seconds = launch.max_run_time + launch.grace_period
        asked["time"] = str(math.ceil(seconds / _MINUTE) + _SPARE_MINUTES)
    return asked


def _cpus(launch: Launch) -> int:
    return max(1, math.ceil(launch.cpus))


def _path(path: Path) -> str:
    """Write a path for Slurm, which replaces %-patterns in file names."""
    return str(path).replace("%", "%%")
