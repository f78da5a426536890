"""Reservations that Slurm keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slurm_cluster import SlurmCluster

from tests.conditions import eventually
from tests.gateway.engines.work import WITHIN, Work


def moment(seconds: float) -> str:
    """Return a time so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class Reserving:
    """Reserves machines and lets none outlive its test."""

    def __init__(self, work: Work) -> None:
        self.client = work.client
        self._made: list[str] = []

    def __call__(self, *, status: int = 201, **fields: object) -> dict[str, Any]:
        """Reserve machines of eight GPUs from now on."""
        body = {"instance_type": "8xa100", "end_at": moment(600), **fields}
        answer = self.client.post("/v1/reservations", json=body)
        assert answer.status_code == status, answer.text
        document: dict[str, Any] = answer.json()
        if status == 201:
            self._made.append(document["id"])
        return document

    def cancel(self, reservation: dict[str, Any]) -> None:
        """End a reservation."""
        answer = self.client.post(f"/v1/reservations/{reservation['id']}:cancel")
        assert answer.status_code == 200, answer.text

    def end(self) -> None:
        """End all of them."""
        for reservation_id in self._made:
            self.client.post(f"/v1/reservations/{reservation_id}:cancel")


@pytest.fixture
def reserve(work: Work, slurm_cluster: SlurmCluster) -> Iterator[Reserving]:
    reserving = Reserving(work)
    yield reserving
    reserving.end()
    eventually(lambda: not kept(slurm_cluster), within=WITHIN, every=0.1)


def kept(cluster: SlurmCluster) -> dict[str, str]:
    """Return the machines that Slurm keeps, by reservation."""
    shown = cluster.run("scontrol", "--oneliner", "show", "reservation")
    words = [
        dict(each.split("=", 1) for each in line.split())
        for line in shown.splitlines()
        if "ReservationName=" in line
    ]
    return {each["ReservationName"]: each["Nodes"] for each in words}


def test_slurm_keeps_machines_for_its_tasks_alone(
    slurm_cluster: SlurmCluster, work: Work, reserve: Reserving
) -> None:
    reservation = reserve(quantity=2, name="mine")
    assert reservation["status"] == "active"
    assert len(kept(slurm_cluster)) == 1
    inside = [
        work.shell("echo $SLURM_JOB_NODELIST; sleep 300", gpu=["a100:8"], reservation="mine")
        for _ in range(2)
    ]
    for task in inside:
        work.running(task)
    free = work.shell("true", gpu=["a100:8"])
    assert work.end(free)["status"] == "completed"
    too_many = work.shell("true", gpu=["a100:8"], num_instances=2)
    eventually(lambda: "Slurm" in work.get(too_many).get("message", ""), within=WITHIN, every=0.1)

    reserve.cancel(reservation)

    for task in inside:
        ended = work.end(task)
        assert (ended["status"], ended["reason"]) == ("failed", "reservation_ended")
    assert work.end(too_many)["status"] == "completed"


def test_two_cannot_have_the_same_machines(reserve: Reserving) -> None:
    reserve(quantity=2, start_at=moment(300))
    refused = reserve(quantity=2, start_at=moment(400), status=409)
    assert refused["detail"].startswith("1 of 2 8xa100")
    reserve(quantity=1, start_at=moment(400))
    refused = reserve(quantity=4, status=422)
    assert refused["code"] == "no_capacity"


def test_a_machine_on_which_a_job_runs_is_not_reserved(
    slurm_cluster: SlurmCluster, work: Work, reserve: Reserving
) -> None:
    work.running(work.shell("sleep 300", gpu=["a100"]))
    idle = reserve(quantity=2)
    refused = reserve(quantity=1, status=409)
    assert "busy" in refused["detail"]
    assert "jobs may run there" in refused["hint"]
    assert list(kept(slurm_cluster)) == [idle["id"]]
    listed = reserve.client.get("/v1/reservations").json()["items"]
    assert [each["id"] for each in listed] == [idle["id"]]


def test_tasks_start_when_it_does(work: Work, reserve: Reserving) -> None:
    reserve(start_at=moment(2), name="soon")
    task = work.shell("echo inside", gpu=["a100:2"], reservation="soon")
    assert work.get(task)["status"] == "pending"
    assert work.end(task)["status"] == "completed"
