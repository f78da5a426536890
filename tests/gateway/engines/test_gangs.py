"""Tasks on several nodes: one process a node, all or none, and one outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.engines.work import WITHIN, Work

MOST = {"local": 64, "slurm": 3}
UNTIL_ASKED = (
    "trap 'echo asked; exit 3' TERM; echo up; touch up.$FLOWKIT_NODE_RANK;"
    " while :; do sleep 0.05; done"
)


def all_up(work: Work, task_id: str, nodes: int) -> None:
    """Wait until every node of a task runs."""
    for node in range(nodes):
        eventually(lambda node=node: "up" in work.output(task_id, node=node), within=WITHIN)  # type: ignore[misc]  # mypy#12557


def test_each_node_knows_its_place(work: Work) -> None:
    task = work.run(
        "echo $FLOWKIT_NODE_RANK/$FLOWKIT_NUM_NODES $MASTER_ADDR:$MASTER_PORT $FLOWKIT_NODE_IPS"
        " $PWD $FLOWKIT_GPUS_PER_NODE; cat /proc/sys/kernel/random/uuid",
        num_instances=3,
        gpu=["a100:2"],
    )

    assert (task["status"], task["exit_code"]) == ("completed", 0), task
    assert task["instance_type"] == "2xa100-40gb"
    places = [work.output(task["id"], node=node).split() for node in range(3)]
    assert [place[0] for place in places] == ["0/3", "1/3", "2/3"]
    # The port, the addresses and the workspace are those of all; the process is each one's own.
    [(master, addresses, directory, gpus)] = {tuple(place[1:5]) for place in places}
    assert len({place[5] for place in places}) == 3
    assert master.split(":")[0] == addresses.split(",")[0]
    assert len(addresses.split(",")) == 3
    assert (Path(directory).name, gpus) == ("workspace", "2")


def test_a_gang_has_what_it_wrote_in_all(work: Work) -> None:
    task = work.run("echo $FLOWKIT_NODE_RANK; echo err >&2", num_instances=2)

    assert task["output_bytes"] == 12
    assert work.output(task["id"], "stderr", node=1) == "err\n"
    assert work.output(task["id"], "stdout", node=1) == "1\n"


def test_nodes_share_the_workspace_and_its_outputs(work: Work) -> None:
    task = work.run(
        "mkdir -p out; echo $FLOWKIT_NODE_RANK > out/$FLOWKIT_NODE_RANK",
        num_instances=2,
        outputs=["out/*"],
    )

    query = {"space": task["id"], "area": "outputs", "recursive": True}
    listed = work.client.get("/v1/files", params=query).json()["items"]
    assert [item["path"] for item in listed if item["type"] == "file"] == ["out/0", "out/1"]


def test_the_first_node_that_fails_ends_the_others(work: Work) -> None:
    task = work.run(
        "if [ $FLOWKIT_NODE_RANK = 1 ]; then"
        " while [ ! -e up.0 -o ! -e up.2 ]; do sleep 0.05; done; exit 5; fi;" + UNTIL_ASKED,
        num_instances=3,
    )

    assert (task["status"], task["reason"], task["exit_code"]) == ("failed", "exited", 5)
    assert task["message"] == "node 1: exited with 5"
    assert work.output(task["id"], "stdout", node=0) == "up\nasked\n"
    assert work.output(task["id"], "stdout", node=2) == "up\nasked\n"


def test_a_node_that_ends_well_leaves_the_others_alone(work: Work) -> None:
    task = work.run(
        "if [ $FLOWKIT_NODE_RANK = 0 ]; then exit 0; fi; sleep 0.5; echo late", num_instances=2
    )

    assert (task["status"], task["exit_code"]) == ("completed", 0)
    assert work.output(task["id"], node=1) == "late\n"


def test_a_program_that_is_missing_fails_the_gang(work: Work) -> None:
    task = work.end(work.submit(["no-such-program"], num_instances=2))

    assert (task["reason"], task["exit_code"]) == ("start_failed", 127)
    assert task["message"] in {f"node {n}: command not found: no-such-program" for n in (0, 1)}


def test_a_gang_is_cancelled_as_one(work: Work) -> None:
    task_id = work.shell(UNTIL_ASKED, num_instances=2)
    all_up(work, task_id, 2)

    task = work.cancel(task_id)

    assert (task["status"], task["reason"]) == ("cancelled", "cancelled")
    assert work.output(task_id, "stdout", node=0) == "up\nasked\n"
    assert work.output(task_id, "stdout", node=1) == "up\nasked\n"


def test_force_ends_all_nodes_at_once(work: Work) -> None:
    task_id = work.shell("trap '' TERM; echo up; while :; do sleep 0.05; done", num_instances=2)
    all_up(work, task_id, 2)

    task = work.cancel(task_id, force=True)

    assert (task["status"], task["reason"]) == ("cancelled", "cancelled")


def test_a_time_limit_is_that_of_all_nodes(work: Work) -> None:
    task = work.run(
        "[ $FLOWKIT_NODE_RANK = 0 ] || exit 0; sleep 1000", num_instances=2, max_run_time=0.2
    )

    assert (task["status"], task["reason"]) == ("failed", "max_run_time")
    assert task["message"] == "node 0: ran longer than its max_run_time of 0.2 s"


def test_the_output_of_a_node_can_be_read_while_it_runs(work: Work) -> None:
    task_id = work.shell("echo up; sleep 1000", num_instances=2)

    all_up(work, task_id, 2)

    assert work.running(task_id)["status"] == "running"
    assert work.cancel(task_id, force=True)["reason"] == "cancelled"


def test_more_instances_than_can_be_are_refused(work: Work) -> None:
    most = MOST[work.engine]

    answer = work.client.post("/v1/tasks", json={"command": ["true"], "num_instances": most + 1})

    assert answer.status_code == 422
    assert answer.json()["hint"] == f"ask for at most {most}"


@pytest.mark.parametrize(
    ("nodes", "asked", "hint"), [(1, 1, "leave node out"), (2, 2, "its nodes are numbered from 0")]
)
def test_a_node_that_a_task_does_not_have(work: Work, nodes: int, asked: int, hint: str) -> None:
    task = work.run("true", num_instances=nodes)

    answer = work.client.get(f"/v1/tasks/{task['id']}/logs", params={"node": asked})

    assert (answer.status_code, answer.json()["hint"]) == (404, hint)


def test_gangs_outlive_the_kill_of_their_gateway(restarted: StartGateway) -> None:
    first = restarted()
    with first.client() as client:
        before = Work(client, "")
        runs = before.shell(
            "echo up; while [ ! -e go ]; do sleep 0.02; done; exit $((FLOWKIT_NODE_RANK * 6))",
            num_instances=2,
            cpus=0.2,
        )
        stays = before.shell(UNTIL_ASKED, num_instances=2, cpus=0.2)
        all_up(before, runs, 2)
        all_up(before, stays, 2)
    first.kill()

    (first.data_dir / "tasks" / runs / "1" / "workspace" / "go").touch()
    with restarted().client() as client:
        after = Work(client, "")
        ended = after.end(runs)
        assert (ended["exit_code"], ended["attempt"]) == (6, 1)
        assert ended["message"] == "node 1: exited with 6"
        assert after.running(stays)["attempt"] == 1
        assert after.cancel(stays)["reason"] == "cancelled"
        assert after.output(stays, "stdout", node=1) == "up\nasked\n"
