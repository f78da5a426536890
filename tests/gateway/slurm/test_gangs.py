"""Tasks on several nodes: one process a node, all or none, and one outcome."""

from __future__ import annotations

from tests.conditions import eventually
from tests.gateway.engines.work import Work
from tests.gateway.gateway_process import GatewayProcess


def test_each_node_knows_its_place(work: Work) -> None:
    task = work.run(
        "echo $FLOWKIT_NODE_RANK/$FLOWKIT_NUM_NODES $MASTER_ADDR:$MASTER_PORT"
        " $FLOWKIT_NODE_IPS $SLURMD_NODENAME $PWD; echo $CUDA_VISIBLE_DEVICES | tr , '\\n' | wc -l",
        num_instances=3,
        gpu=["a100:2"],
    )

    assert (task["status"], task["exit_code"]) == ("completed", 0)
    places = [work.output(task["id"], node=node).split() for node in range(3)]
    assert [place[0] for place in places] == ["0/3", "1/3", "2/3"]
    # The address, the port and the workspace are those of all; the machine is each one's own.
    assert len({(place[1], place[2], place[4]) for place in places}) == 1
    assert len({place[3] for place in places}) == 3
    assert [place[5] for place in places] == ["2", "2", "2"]


def test_the_first_node_that_fails_ends_the_others(work: Work) -> None:
    task = work.run(
        "if [ $FLOWKIT_NODE_RANK = 1 ]; then while [ ! -e 0 -o ! -e 2 ]; do sleep 0.05; done;"
        " exit 5; fi; trap 'echo asked; exit 0' TERM; touch $FLOWKIT_NODE_RANK;"
        " while :; do sleep 0.05; done",
        num_instances=3,
    )

    assert (task["status"], task["reason"], task["exit_code"]) == ("failed", "exited", 5)
    assert task["message"] == "node 1: exited with 5"
    assert work.output(task["id"], "stdout", node=0) == "asked\n"
    assert work.output(task["id"], "stdout", node=2) == "asked\n"


def test_a_gang_is_cancelled_as_one(slurm_gateway: GatewayProcess, work: Work) -> None:
    task_id = work.shell(
        "trap 'echo bye; exit 3' TERM; touch $FLOWKIT_NODE_RANK; while :; do sleep 0.05; done",
        num_instances=2,
    )
    work.running(task_id)
    workspace = slurm_gateway.data_dir / "tasks" / task_id / "1" / "workspace"
    eventually(lambda: {each.name for each in workspace.iterdir()} == {"0", "1"}, within=20)

    task = work.cancel(task_id)

    assert (task["status"], task["reason"]) == ("cancelled", "cancelled")
    assert work.output(task_id, "stdout", node=0) == "bye\n"
    assert work.output(task_id, "stdout", node=1) == "bye\n"


def test_a_gang_that_no_cluster_could_hold_is_refused(work: Work) -> None:
    body = {"command": ["true"], "num_instances": 4}

    answer = work.client.post("/v1/tasks", json=body)

    assert answer.status_code in (409, 422)
    assert answer.json()["hint"] == "ask for at most 3"


def test_a_node_that_a_task_does_not_have(work: Work) -> None:
    alone = work.run("true")

    answer = work.client.get(f"/v1/tasks/{alone['id']}/logs", params={"node": 1})

    assert (answer.status_code, answer.json()["hint"]) == (404, "leave node out")
