"""Tasks as Slurm's jobs: what Slurm is asked for, what it answers, and who else decides."""

from __future__ import annotations

from slurm_cluster import SlurmCluster

from tests.conditions import eventually
from tests.gateway.engines.work import WITHIN, Work


def job_of(cluster: SlurmCluster, task_id: str) -> dict[str, str]:
    """Return what Slurm says of a task's job, once it has it."""

    def found() -> dict[str, str] | None:
        listed = cluster.run("squeue", "-h", "-t", "all", "-o", "%i|%k")
        ids = [line.split("|")[0] for line in listed.splitlines() if f"/{task_id}/" in line]
        if not ids:
            return None
        shown = cluster.run("scontrol", "-o", "show", "job", ids[0])
        return dict(word.split("=", 1) for word in shown.split() if "=" in word)

    return eventually(found, within=WITHIN, every=0.05) or {}


def test_what_a_task_needs_is_what_its_job_asks_for(
    slurm_cluster: SlurmCluster, work: Work
) -> None:
    task_id = work.shell(
        "sleep 1000",
        gpu=["a100:3"],
        cpus=2.5,
        memory_gb=1,
        max_run_time=90,
        slurm={"partition": "main", "nice": "7"},
    )

    job = job_of(slurm_cluster, task_id)

    assert job["Comment"] == f"flowkit/{task_id}/1"
    assert job["TresPerNode"] == "gres:gpu:a100:3"
    assert job["CPUs/Task"] == "3"
    assert job["MinMemoryNode"] == "954M"
    # Slurm's limit stands behind flowkit's own, which knows seconds.
    assert job["TimeLimit"] == "00:04:00"
    assert (job["Requeue"], job["Partition"], job["Nice"]) == ("0", "main", "7")


def test_a_task_says_what_slurm_lets_it_wait_for(work: Work) -> None:
    holders = [work.shell("sleep 1000", gpu=["a100:8"]) for _ in range(3)]
    for holder in holders:
        work.running(holder)
    waiting = work.shell("echo done", gpu=["a100:8"])

    def told() -> bool:
        task = work.get(waiting)
        waits_for = ("queued by Slurm: Resources", "queued by Slurm: Priority")
        return task["status"] == "starting" and task.get("message") in waits_for

    eventually(told, within=WITHIN, every=0.05)
    work.cancel(holders[0], force=True)
    ended = work.end(waiting)
    assert (ended["status"], ended.get("message")) == ("completed", None)


def test_a_task_that_waits_can_be_cancelled(slurm_cluster: SlurmCluster, work: Work) -> None:
    waiting = work.shell("echo ran", slurm={"begin": "now+1hour"})
    job = job_of(slurm_cluster, waiting)

    task = work.cancel(waiting)

    assert (task["status"], task["message"]) == ("cancelled", "cancelled before it started")
    assert "started_at" not in task
    assert job_of(slurm_cluster, waiting)["JobState"] == "CANCELLED"
    assert job["JobId"] == job_of(slurm_cluster, waiting)["JobId"]


def test_a_job_that_is_cancelled_in_slurm(slurm_cluster: SlurmCluster, work: Work) -> None:
    runs = work.shell("echo up; sleep 1000")
    waits = work.shell("echo up", slurm={"begin": "now+1hour"})
    work.written(runs, "up")

    for task_id in (runs, waits):
        slurm_cluster.run("scancel", job_of(slurm_cluster, task_id)["JobId"])

    for task_id in (runs, waits):
        task = work.end(task_id)
        assert (task["status"], task["message"]) == ("cancelled", "cancelled in Slurm")


def test_a_job_that_can_never_start(slurm_cluster: SlurmCluster, work: Work) -> None:
    failed = work.run("exit 1")
    parent = job_of(slurm_cluster, failed["id"])["JobId"]

    task = work.run("echo ran", slurm={"dependency": f"afterok:{parent}"})

    assert (task["status"], task["reason"]) == ("failed", "dependency_failed")
    assert "Slurm: DependencyNeverSatisfied" in task["message"]


def test_what_slurm_refuses_is_told_in_its_words(work: Work) -> None:
    task = work.run("echo ran", slurm={"partition": "nowhere"})

    assert (task["status"], task["reason"]) == ("failed", "start_failed")
    assert "invalid partition specified: nowhere" in task["message"]


def test_flags_that_are_not_a_task_s_to_give_are_refused(work: Work) -> None:
    for flag, hint in (("output", "known: "), ("wrap", "known: "), ("time", "use max_run_time")):
        body = {"command": ["true"], "slurm": {flag: "x"}}
        answer = work.client.post("/v1/tasks", json=body)

        assert answer.status_code == 422
        assert answer.json()["details"][0]["loc"] == f"/body/slurm/{flag}"
        assert hint in answer.json()["hint"] or "did you mean" in answer.json()["hint"]


def test_a_node_that_is_lost(slurm_cluster: SlurmCluster, work: Work) -> None:
    task_id = work.shell("echo up; sleep 1000", slurm={"nodelist": "node3"})
    work.written(task_id, "up")

    try:
        slurm_cluster.run("scontrol", "update", "NodeName=node3", "State=DOWN", "Reason=test")
        task = work.end(task_id)
    finally:
        slurm_cluster.run("scontrol", "update", "NodeName=node3", "State=IDLE")

    assert (task["status"], task["reason"]) == ("failed", "node_lost")
    assert task["message"] == "Slurm lost a node of node3"


def test_a_supervisor_that_is_killed_loses_its_task(
    slurm_cluster: SlurmCluster, work: Work
) -> None:
    task_id = work.shell("echo up; kill -9 $PPID; sleep 1000")

    task = work.end(task_id)

    assert (task["status"], task["reason"]) == ("failed", "node_lost")
    assert task["message"].startswith("its supervisor was killed")


def test_many_tasks_are_handed_over_at_once(work: Work) -> None:
    tasks = [
        {"command": ["bash", "-c", f"exit {n % 3}"], "env": {"PATH": "/usr/bin:/bin"}}
        for n in range(40)
    ]
    created = work.client.post("/v1/tasks:batch", json={"tasks": tasks}).json()["items"]

    codes = [work.end(task["id"])["exit_code"] for task in created]

    assert codes == [n % 3 for n in range(40)]
