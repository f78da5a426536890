"""What the nodes of an attempt are told, and where each keeps what is its own. Stdlib only."""

from __future__ import annotations

import json
import os

from flowkit_gateway.engines.local.command import Job

JOB_FILE = "job.json"
NODES = "nodes"


class ClusterJob(Job):
    """An attempt of one node or several."""

    num_instances: int
    cpus: int
    """Of each node."""
    umask: int
    """Of the command; -1 for that which the job has from the gateway."""


def read_job(run_dir: str) -> ClusterJob:
    """Return the job that the gateway has put into an attempt's directory."""
    with open(f"{run_dir}/{JOB_FILE}") as file:
        job: ClusterJob = json.load(file)
    return job


def node_dir(run_dir: str, rank: int) -> str:
    """Return where one of several nodes keeps its output and its outcome."""
    return os.path.join(run_dir, NODES, str(rank))
