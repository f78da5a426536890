"""The nodes of a gang on a cluster: a step of the job, which runs one process on each.

Leader and nodes talk through two files of the attempt's directory, which are there from the
beginning: a network file system may go on for a minute to say that a file is missing, but opens one
as it is. Standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess

from flowkit_gateway.engines.ports import free_port
from flowkit_gateway.engines.slurm.cluster_job import ClusterJob

VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "FLOWKIT_NODE_IPS", "FLOWKIT_NUM_NODES")
"""What the leader tells the nodes through their environment."""


class Step:
    """The `srun` that runs an attempt's nodes.

    Args:
        job: what they run.
        part: the command that runs one node's part of it.
    """

    def __init__(self, job: ClusterJob, part: list[str]) -> None:
        self._run_dir = job["run_dir"]
        for name in ("stop", "failures"):
            with open(f"{self._run_dir}/{name}", "x"):
                pass
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
        self._process = subprocess.Popen(
            ["srun", *step, *more, *part], env=env, stdin=subprocess.DEVNULL
        )

    def running(self) -> bool:
        """Say whether anything of it is left."""
        return self._process.poll() is None

    def first_failure(self) -> int | None:
        """Return the rank of the node that failed first."""
        with open(f"{self._run_dir}/failures") as file:
            first = file.readline()
        return int(first) if first.endswith("\n") else None

    def stop(self, number: signal.Signals) -> None:
        """Ask all nodes to end: SIGTERM with the grace period, SIGUSR1 at once."""
        with open(f"{self._run_dir}/stop", "w") as file:
            file.write(number.name)

    def kill(self) -> None:
        """End all nodes, whatever becomes of their output."""
        # To srun this means to kill the step.
        self._process.terminate()


def tell_failure(run_dir: str, rank: int) -> None:
    """Tell the leader that a node has failed."""
    with open(f"{run_dir}/failures", "a") as file:
        file.write(f"{rank}\n")


def asked_to_stop(run_dir: str) -> signal.Signals | None:
    """Return the signal by which the leader asks a node to stop, if it does."""
    with open(f"{run_dir}/stop") as file:
        name = file.read()
    return signal.Signals[name] if name else None


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
