"""A real Slurm cluster in one private directory, of one machine and without systemd.

python scripts/slurm_cluster.py up [DIR] [--nodes 3] [--gpus 8]
python scripts/slurm_cluster.py down [DIR]

The GPUs are device files without a driver: Slurm counts and binds them, nothing can compute on
them. Everything, keys and sockets too, is in the directory; `SLURM_CONF=DIR/slurm.conf` is all that
Slurm's commands need. Several clusters live side by side.

Sources: slurm.conf(5), gres.conf(5), slurmd(8) `-N`, munged(8).
"""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "srun", "munged")
PACKAGES = "slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge"
CPUS_PER_NODE = 16
MEMORY_MB_PER_NODE = 64_000

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_LONGEST_DIRECTORY = 107 - len("/spool/node1/node1_12345.4294967291")
"""What unix(7) leaves of the path of a socket."""
_UP_WITHIN = 30.0
_DOWN_WITHIN = 20.0

# Delays are short, because tests wait for them: a job starts within a second, and a node that does
# not answer is down after ten. Nodes claim more CPUs than the machine has (config_overrides).
_CONFIG = """\
ClusterName=flowkit
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={directory}/munge.sock
CredType=cred/munge
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool/%n
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd-%n.pid
SlurmctldLogFile={directory}/log/slurmctld.log
SlurmdLogFile={directory}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=1,batch_sched_delay=0
EnforcePartLimits=ALL
GresTypes=gpu
ReturnToService=2
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
KillWait=2
MinJobAge={min_job_age}
SlurmctldTimeout=30
SlurmdTimeout=10
MessageTimeout=5
DefMemPerCPU=64
"""


def missing() -> str | None:
    """Say which of Slurm's programs are not installed; None when all are."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=_PATH) is None]
    return f"{', '.join(absent)} not installed (apt-get install {PACKAGES})" if absent else None


class SlurmCluster:
    """A cluster.

    Args:
        directory: where it lives; it need not exist yet.
        nodes: slurmd daemons, named node1, node2, ...
        gpus: of each node.
        min_job_age: seconds for which Slurm remembers a job that has ended.
    """

    def __init__(
        self, directory: Path, *, nodes: int = 3, gpus: int = 8, min_job_age: int = 300
    ) -> None:
        self.directory = directory.absolute()
        self.nodes = [f"node{number}" for number in range(1, nodes + 1)]
        self._gpus = gpus
        self._min_job_age = min_job_age

    @property
    def environment(self) -> Mapping[str, str]:
        """What commands need to reach the cluster."""
        return {"SLURM_CONF": str(self.directory / "slurm.conf"), "PATH": _PATH}

    def start(self) -> None:
        """Bring the whole cluster up, and wait until each node takes jobs.

        Raises:
            RuntimeError: a daemon did not start; what it logged is in `log` of the directory.
            ValueError: the path of the directory is too long.
        """
        if len(os.fsencode(self.directory)) > _LONGEST_DIRECTORY:
            # Each step of a job has a socket below it; without one the job never runs.
            raise ValueError(f"{self.directory} has more than {_LONGEST_DIRECTORY} bytes")
        for name in ("log", "spool", "state"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self._configure()
        self._start_munged()
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        _until(self._all_idle, _UP_WITHIN, f"the nodes are not idle, see {self.directory}/log")

    def stop(self) -> None:
        """End every job and daemon, and wait until all are gone."""
        if (self.directory / "slurmctld.pid").exists():
            self.run("scancel", "--user", getpass.getuser(), check=False)
        daemons = ["slurmctld", *(f"slurmd-{node}" for node in self.nodes), "munged"]
        self._kill(daemons, signal.SIGTERM)

    def start_controller(self) -> None:
        """Start slurmctld, with the state that an earlier one left."""
        self.run("slurmctld")

    def kill_controller(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End slurmctld."""
        self._kill(["slurmctld"], number)

    def start_node(self, name: str) -> None:
        """Start the slurmd of a node."""
        (self.directory / "spool" / name).mkdir(exist_ok=True)
        self.run("slurmd", "-N", name)

    def kill_node(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End the slurmd of a node; the jobs on it live on."""
        self._kill([f"slurmd-{name}"], number)

    def run(self, *command: str, check: bool = True) -> str:
        """Run one of Slurm's commands and return what it prints.

        Raises:
            RuntimeError: it failed; says what it complained of.
        """
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout

    def _configure(self) -> None:
        host = socket.gethostname().partition(".")[0]
        port, *node_ports = _free_ports(1 + len(self.nodes))
        config = _CONFIG.format(
            host=host,
            port=port,
            user=getpass.getuser(),
            directory=self.directory,
            min_job_age=self._min_job_age,
        )
        for name, node_port in zip(self.nodes, node_ports, strict=True):
            config += (
                f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port}"
                f" CPUs={CPUS_PER_NODE} RealMemory={MEMORY_MB_PER_NODE}"
                f" Gres=gpu:a100:{self._gpus} State=UNKNOWN\n"
            )
        config += f"PartitionName=main Nodes={','.join(self.nodes)} Default=YES MaxTime=INFINITE\n"
        (self.directory / "slurm.conf").write_text(config)
        # Slurm wants a device file for each GPU; the terminals are there without mknod.
        (self.directory / "gres.conf").write_text(
            f"AutoDetect=off\nNodeName={','.join(self.nodes)} Name=gpu Type=a100"
            f" File=/dev/tty[0-{self._gpus - 1}]\n"
        )

    def _start_munged(self) -> None:
        private = self.directory / "munge"
        private.mkdir(mode=0o700, exist_ok=True)
        key = private / "munge.key"
        if not key.exists():
            key.touch(0o600)
            key.write_bytes(secrets.token_bytes(128))
        self.run(
            "munged",
            "--force",
            f"--socket={self.directory}/munge.sock",
            f"--key-file={key}",
            f"--pid-file={self.directory}/munged.pid",
            f"--log-file={self.directory}/log/munged.log",
            f"--seed-file={private}/seed",
        )

    def _all_idle(self) -> bool:
        states = self.run("sinfo", "-h", "-N", "-o", "%T", check=False).split()
        return states == ["idle"] * len(self.nodes)

    def _kill(self, names: Sequence[str], number: signal.Signals) -> None:
        pids = []
        for name in names:
            try:
                pids.append(int((self.directory / f"{name}.pid").read_text()))
                os.kill(pids[-1], number)
            except (FileNotFoundError, ProcessLookupError):
                continue
        _until(lambda: not any(map(_alive, pids)), _DOWN_WITHIN, f"{names} do not end")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(holds: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("up", "down"))
    parser.add_argument("directory", type=Path, nargs="?", default=Path(".slurm"))
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--gpus", type=int, default=8)
    options = parser.parse_args()
    if absent := missing():
        sys.stderr.write(f"{absent}\n")
        return 1
    cluster = SlurmCluster(options.directory, nodes=options.nodes, gpus=options.gpus)
    if options.action == "down":
        cluster.stop()
        return 0
    cluster.start()
    sys.stdout.write(f"export SLURM_CONF={cluster.directory}/slurm.conf\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
