"""Sweeps as job arrays of Slurm's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_cluster import SlurmCluster

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway, end_all_tasks
from tests.gateway.engines.work import WITHIN, Work
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.sweeps.calls import cases, create, ended, post, shell

_PATH = {"env": {"PATH": "/usr/bin:/bin"}, "cpus": 0.1}

Arrays = Callable[[], list[str]]


@pytest.fixture
def arrays(slurm_cluster: SlurmCluster, work: Work) -> Arrays:
    """Return the arrays that Slurm has got since the test began."""

    def listed() -> list[str]:
        jobs = slurm_cluster.run("squeue", "-h", "-t", "all", "-o", "%F %k").splitlines()
        return sorted({job.split()[0] for job in jobs if "/sweep_" in job})

    before = set(listed())
    return lambda: [job for job in listed() if job not in before]


def test_a_sweep_is_one_array(work: Work, arrays: Arrays) -> None:
    sweep = create(work.client, shell("echo case {N}; exit {N}"), N=range(5), task=_PATH)

    done = ended(work.client, sweep)

    assert done["status"] == "failed"
    told = cases(work.client, sweep)
    assert [case["exit_code"] for case in told] == [0, 1, 2, 3, 4]
    outputs = [work.output(case["task_id"]) for case in told]
    assert outputs == [f"case {number}\n" for number in range(5)]
    assert len(arrays()) == 1


def test_never_more_run_than_may(work: Work, arrays: Arrays, tmp_path: Path) -> None:
    # Each case notes how many others run beside it.
    line = f"cd {tmp_path}; touch runs-{{N}}; sleep 0.3; ls -d runs-* > saw-{{N}}; rm runs-{{N}}"

    sweep = create(work.client, shell(line), N=range(6), max_parallel=2, task=_PATH)

    assert ended(work.client, sweep)["status"] == "completed"
    assert max(len(saw.read_text().split()) for saw in tmp_path.glob("saw-*")) <= 2
    assert len(arrays()) == 1


def test_what_failed_runs_again_as_an_array_of_its_own(
    work: Work, arrays: Arrays, tmp_path: Path
) -> None:
    line = f"[ {{N}} = 0 ] || [ -e {tmp_path}/{{N}} ] || {{ touch {tmp_path}/{{N}}; exit 1; }}"
    sweep = create(work.client, shell(line), N=range(3), max_parallel=3, task=_PATH)
    assert ended(work.client, sweep)["status"] == "failed"

    post(work.client, sweep, "retry")

    assert ended(work.client, sweep)["status"] == "completed"
    assert [case["attempt"] for case in cases(work.client, sweep)] == [1, 2, 2]
    assert len(arrays()) == 2


def test_a_failure_keeps_the_rest_from_starting(
    slurm_cluster: SlurmCluster, work: Work, tmp_path: Path
) -> None:
    line = f"touch {tmp_path}/{{N}}; exit 5"

    sweep = create(work.client, shell(line), N=range(40), max_parallel=1, on_failure="stop",
                   task=_PATH)  # fmt: skip

    done = ended(work.client, sweep)
    assert done["status"] == "failed"
    assert cases(work.client, sweep)[39]["status"] == "cancelled"
    assert not (tmp_path / "39").exists()
    eventually(lambda: not _in_queue(slurm_cluster, str(sweep["id"])), within=WITHIN, every=0.1)


def test_all_of_an_array_are_cancelled(
    slurm_cluster: SlurmCluster, work: Work, tmp_path: Path
) -> None:
    line = f"trap 'exit 3' TERM; touch {tmp_path}/{{N}}; while :; do sleep 0.05; done"
    sweep = create(work.client, shell(line), N=range(20), max_parallel=2, task=_PATH)
    eventually(lambda: len(list(tmp_path.iterdir())) == 2, within=WITHIN, every=0.05)

    post(work.client, sweep, "cancel")

    assert ended(work.client, sweep)["status"] == "cancelled"
    codes = [case.get("exit_code") for case in cases(work.client, sweep)]
    assert sorted(code for code in codes if code is not None) == [3, 3]
    assert len(list(tmp_path.iterdir())) == 2
    eventually(lambda: not _in_queue(slurm_cluster, str(sweep["id"])), within=WITHIN, every=0.1)


def test_what_is_cancelled_in_slurm_is_not_run_again(
    slurm_cluster: SlurmCluster, work: Work, arrays: Arrays
) -> None:
    sweep = create(work.client, ["true"], N=range(4), task={"slurm": {"begin": "now+1hour"}})
    eventually(arrays, within=WITHIN, every=0.05)

    slurm_cluster.run("scancel", *arrays())

    assert ended(work.client, sweep)["status"] == "cancelled"
    assert {case["message"] for case in cases(work.client, sweep)} == {"cancelled in Slurm"}


def test_arrays_outlive_the_kill_of_their_gateway(
    slurm_cluster: SlurmCluster, start_gateway: StartGateway, tmp_path: Path
) -> None:
    def start() -> GatewayProcess:
        return start_gateway(engine="slurm", environment=slurm_cluster.environment)

    first = start()
    line = f"echo {{N}} >> {tmp_path}/ran; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    with first.client() as client:
        sweep = create(client, shell(line), N=range(8), max_parallel=3, task=_PATH)
        eventually(lambda: _lines(tmp_path / "ran") == 3, within=WITHIN, every=0.05)
    first.kill()

    (tmp_path / "go").touch()
    second = start()
    with second.client() as client:
        assert ended(client, sweep)["status"] == "completed"
        assert {case["attempt"] for case in cases(client, sweep)} == {1}
        end_all_tasks(client)
    assert sorted((tmp_path / "ran").read_text().split()) == [str(n) for n in range(8)]
    # What is kept of an array goes with the last of it.
    kept = second.data_dir / "slurm" / "arrays"
    eventually(lambda: not os.listdir(kept), within=WITHIN, every=0.1)


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _in_queue(cluster: SlurmCluster, sweep_id: str) -> list[str]:
    listed = cluster.run("squeue", "-h", "-t", "PD,R,CG", "-o", "%i %k").splitlines()
    return [job for job in listed if sweep_id in job]
