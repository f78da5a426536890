"""An attempt as a job of Slurm's: what is asked for, and what the node finds in its directory."""

from __future__ import annotations

import json
import math
import os
import shlex
from pathlib import Path

from flowkit_gateway.engines.engine import Launch, StartError
from flowkit_gateway.engines.local.environment import ATTEMPT, TASK_ID
from flowkit_gateway.engines.slurm.cluster_job import JOB_FILE, ClusterJob
from flowkit_gateway.engines.slurm.commands import option_list
from flowkit_gateway.engines.slurm.jobs import comment
from flowkit_gateway.engines.slurm.nodes import gres
from flowkit_gateway.engines.slurm.options import Options

LOG_FILE = "slurm.log"
"""What Slurm itself and the wrapper have to say, apart from the task's own output."""

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
    job: ClusterJob = {
        "run_dir": str(launch.run_dir),
        "workspace": str(launch.run_dir / "workspace"),
        "num_instances": launch.num_instances,
        "command": list(launch.command),
        "env": {
            **launch.env,
            TASK_ID: launch.task_id,
            ATTEMPT: str(launch.attempt),
            "FLOWKIT_GPUS_PER_NODE": str(len(launch.devices)),
        },
        "working_dir": launch.working_dir,
        "mounts": [
            {"target": each.target, "source": str(each.source), "read_only": each.read_only}
            for each in launch.mounts
        ],
        "outputs": list(launch.outputs),
        "max_run_time": launch.max_run_time,
        "grace_period": launch.grace_period,
        "max_output_bytes": launch.max_output_bytes,
        "memory_bytes": launch.memory_bytes,
        "memory_root": None,
        "cpus": _cpus(launch),
        "umask": umask,
    }
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


def script(program: Path, python: str, run_dir: Path) -> str:
    """Return the script of a job: it becomes the supervisor."""
    words = [python, "-I", "-S", str(program), str(run_dir)]
    return f"#!/bin/sh\nexec {shlex.join(words)}\n"


def arguments(launch: Launch, options: Options) -> list[str]:
    """Return what `sbatch` is asked for."""
    said = launch.slurm or {}
    asked: dict[str, str] = {**options.flags, **said, "parsable": "", "no-requeue": ""}
    asked |= {
        "comment": comment((launch.task_id, launch.attempt)),
        "job-name": launch.task_id,
        "output": _path(launch.run_dir / LOG_FILE),
        "open-mode": "append",
        "input": "/dev/null",
        # Only what the wrapper needs to find its interpreter. With NONE in its place, Slurm would
        # run the user's login shell.
        "export": "PATH,HOME,LANG",
        "nodes": str(launch.num_instances),
        "ntasks-per-node": "1",
        "cpus-per-task": str(_cpus(launch)),
    }
    if launch.memory_bytes:
        asked["mem"] = f"{math.ceil(launch.memory_bytes / _MIB)}M"
    generic = ",".join(filter(None, (gres(launch.devices), said.get("gres"))))
    if generic:
        asked["gres"] = generic
    if launch.max_run_time is not None:
        seconds = launch.max_run_time + launch.grace_period
        asked["time"] = str(math.ceil(seconds / _MINUTE) + _SPARE_MINUTES)
    return option_list(asked)


def last_words(run_dir: Path) -> str:
    """Return the last thing that Slurm or the wrapper said of an attempt."""
    try:
        with open(run_dir / LOG_FILE, errors="replace") as file:
            lines = [line.strip() for line in file.read()[-4096:].splitlines()]
    except FileNotFoundError:
        return ""
    return next((line for line in reversed(lines) if line), "")


def _cpus(launch: Launch) -> int:
    return max(1, math.ceil(launch.cpus))


def _path(path: Path) -> str:
    """Write a path for Slurm, which replaces %-patterns in file names."""
    return str(path).replace("%", "%%")
