"""Slurm's controller, a node's daemon and the gateway are killed in turn while tasks run."""

from __future__ import annotations

import fcntl
import time
from collections import Counter
from pathlib import Path

import pytest
from slurm_cluster import SlurmCluster

from tests.campaigns.form import sized
from tests.conditions import eventually
from tests.gateway.engines.work import Work
from tests.gateway.gateway_process import GatewayProcess

TASKS = sized(short=30, full=100)
LATE = 5
"""Tasks that are submitted while nobody can take them."""
WITHIN = 100.0


def script(number: int, witness: Path, gate: Path) -> str:
    """Return what says that it starts, waits at the gate, and says that it ends."""
    return (
        f"echo start {number} >> {witness}; flock --shared {gate} true;"
        f" echo end {number} >> {witness}; echo {number}; exit {number % 5}"
    )


def test_nothing_is_lost_and_nothing_runs_twice(
    cluster: SlurmCluster, gateway: GatewayProcess, tmp_path: Path
) -> None:
    witness, gate = tmp_path / "witness", tmp_path / "gate"
    witness.touch()
    with gate.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with gateway.client() as client:
            work = Work(client, "slurm")
            ids = [work.shell(script(number, witness, gate)) for number in range(TASKS)]
            eventually(lambda: _started(witness) == TASKS, within=WITHIN, every=0.1)

            _wait_for_state(cluster)
            cluster.kill_controller()
            late = range(TASKS, TASKS + LATE)
            ids += [work.shell(script(number, witness, gate)) for number in late]
        gateway.kill()
        gateway.start()
        cluster.start_controller()
        cluster.kill_node("node2")
        gateway.kill()
        cluster.start_node("node2")
        gateway.start()
        eventually(lambda: _started(witness) == len(ids), within=WITHIN, every=0.1)

    with gateway.client() as client:
        work = Work(client, "slurm")
        for number, task_id in enumerate(ids):
            task = work.end(task_id)
            assert (task["reason"], task["exit_code"]) == ("exited", number % 5), task
            assert work.output(task_id) == f"{number}\n"
    lines = Counter(witness.read_text().splitlines())
    wanted = {f"{what} {number}" for what in ("start", "end") for number in range(len(ids))}
    assert lines == Counter(wanted)


def _wait_for_state(cluster: SlurmCluster) -> None:
    """Wait until slurmctld has written its jobs down: it has nodes kill those that it forgets."""
    state = cluster.directory / "state" / "job_state"
    began = time.time()
    # Without a change nothing is written.
    cluster.run("sbatch", "--output=/dev/null", "--wrap=true")
    eventually(lambda: state.exists() and state.stat().st_mtime > began, within=WITHIN, every=0.1)


def _started(witness: Path) -> int:
    return sum(line.startswith("start") for line in witness.read_text().splitlines())


@pytest.mark.skipif(
    sized(short=True, full=False), reason="Slurm's time limits take minutes: make slurm-faults"
)
def test_slurm_s_own_time_limit(cluster: SlurmCluster, gateway: GatewayProcess) -> None:
    with gateway.client() as client:
        work = Work(client, "slurm")
        task_id = work.shell("trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done")
        work.written(task_id, "up")
        cluster.run("scontrol", "update", "JobId=1", "TimeLimit=0:01")

        eventually(lambda: work.get(task_id)["status"] == "failed", within=WITHIN, every=0.2)

        task = work.get(task_id)
        assert task["reason"] == "max_run_time"
        assert task["message"] == "ended by Slurm at its time limit"
