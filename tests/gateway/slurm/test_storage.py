"""What tasks of a cluster are handed, and what is kept of them."""

from __future__ import annotations

import stat
from pathlib import Path

from slurm_cluster import SlurmCluster

from tests.gateway.engines.work import Work
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.slurm.test_jobs import job_of

SECRET = "hunter2-of-the-cluster"


def test_a_volume_is_mounted_where_the_task_wants_it(work: Work) -> None:
    answer = work.client.post("/v1/volumes", json={"name": "data", "size_gb": 1})
    assert answer.status_code == 201, answer.text
    mounts = [{"source": "volume://data", "target": "/data"}]

    written = work.run("echo kept > /data/file", mounts=mounts)
    read = work.run("cat /data/file", mounts=mounts)

    assert (written["status"], read["status"]) == ("completed", "completed"), (written, read)
    assert work.output(read["id"]) == "kept\n"


def test_a_secret_is_the_task_s_alone(
    slurm_cluster: SlurmCluster, slurm_gateway: GatewayProcess, work: Work
) -> None:
    answer = work.client.post("/v1/secrets", json={"name": "token", "value": SECRET})
    assert answer.status_code == 201, answer.text

    task_id = work.shell(
        '[ "$TOKEN" = hunter2-of-the-cluster ] && echo found; sleep 1000',
        secrets=[{"name": "token", "env": "TOKEN"}],
    )
    work.written(task_id, "found")

    job = job_of(slurm_cluster, task_id)["JobId"]
    shown = slurm_cluster.run("scontrol", "--details", "show", "job", job)
    script = slurm_cluster.run("scontrol", "write", "batch_script", job, "-")
    assert SECRET not in shown
    assert SECRET not in script
    run_dir = slurm_gateway.data_dir / "tasks" / task_id / "1"
    holders = [path for path in files_below(run_dir) if SECRET.encode() in path.read_bytes()]
    assert holders
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


def files_below(directory: Path) -> list[Path]:
    """Return all files of a tree."""
    return [path for path in directory.rglob("*") if path.is_file()]
