"""What the nodes of an attempt are told. Standard library only."""

from __future__ import annotations

import json

from flowkit_gateway.engines.local.command import Job

JOB_FILE = "job.json"


class ClusterJob(Job):
    """An attempt of one node or several."""

    cpus: int
    """Of each node."""
    umask: int
    """Of the command; -1 for that which the job has from the gateway."""


def read_job(run_dir: str) -> ClusterJob:
    """Return the job that the gateway has put into an attempt's directory."""
    with open(f"{run_dir}/{JOB_FILE}") as file:
        job: ClusterJob = json.load(file)
    return job
