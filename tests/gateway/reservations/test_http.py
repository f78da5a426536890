"""Reservations over HTTP, and through kills of the gateway that keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway

Document = dict[str, Any]
FAR = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T01:00:00Z"}
"""A time of which no test needs much."""


def reserved(client: httpx.Client, **fields: object) -> Document:
    """Reserve a GPU in a far time, unless told otherwise."""
    answer = client.post("/v1/reservations", json={"instance_type": "1xa100", **FAR, **fields})
    assert answer.status_code == 201, answer.text
    document: Document = answer.json()
    return document


def test_what_was_made_is_what_is_there(api: httpx.Client) -> None:
    made = reserved(api, name="mine", quantity=2, auto_renew=True)
    assert made["id"].startswith("reservation_")
    assert {**made, "id": 0, "created_at": 0, "created_by": 0, "project": 0} == {
        **FAR,
        "start_at": "2090-01-01T00:00:00.000000Z",
        "end_at": "2090-01-01T01:00:00.000000Z",
        "id": 0,
        "name": "mine",
        "project": 0,
        "created_by": 0,
        "created_at": 0,
        "instance_type": "1xa100-80gb",
        "quantity": 2,
        "region": "local",
        "auto_renew": True,
        "status": "scheduled",
        "simulated": True,
    }
    path = f"/v1/reservations/{made['id']}"
    assert api.get(path).json() == made
    assert api.patch(path, json={}).json() == made
    assert api.patch(path, json={"auto_renew": False}).json() == {**made, "auto_renew": False}
    cancelled = api.post(f"{path}:cancel").json()
    assert cancelled["status"] == "cancelled"
    assert api.post(f"{path}:cancel").json() == cancelled
    refused = api.patch(path, json={"auto_renew": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_lists_have_pages_and_filters(api: httpx.Client) -> None:
    made = [reserved(api, name=name) for name in ("a", "b", "c")]
    api.post(f"/v1/reservations/{made[1]['id']}:cancel")
    ids = [each["id"] for each in reversed(made)]

    def listed(**query: object) -> list[str]:
        found: list[str] = []
        while True:
            page = api.get("/v1/reservations", params=query).json()  # type: ignore[arg-type]  # text and numbers
            found += [each["id"] for each in page["items"]]
            if "next_page_token" not in page:
                return found
            query["page_token"] = page["next_page_token"]

    assert listed() == listed(page_size=1) == ids
    assert listed(status="scheduled") == [ids[0], ids[2]]
    assert listed(name="b") == listed(status="cancelled") == [ids[1]]
    assert listed(status="active") == []
    wrong = api.get("/v1/reservations?page_token=eA")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


def test_a_create_that_is_repeated_makes_one(api: httpx.Client) -> None:
    body = {"instance_type": "1xa100", **FAR}
    keyed = {"Idempotency-Key": "once"}
    first, second = (api.post("/v1/reservations", json=body, headers=keyed) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    other = api.post("/v1/reservations", json={**body, "quantity": 2}, headers=keyed)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert len(api.get("/v1/reservations").json()["items"]) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code", "loc"),
    [
        ({"quantity": 0}, 422, "invalid_request", "/body/quantity"),
        ({"quantity": -1}, 422, "invalid_request", "/body/quantity"),
        ({"end_at": "tomorrow"}, 422, "invalid_request", "/body/end_at"),
        ({"end_at": "2090-02-31T00:00:00Z"}, 422, "invalid_request", "/body/end_at"),
        ({"end_at": FAR["start_at"]}, 422, "invalid_request", "/body/end_at"),
        ({"start_at": "2001-01-01T00:00:00Z"}, 422, "invalid_request", "/body/start_at"),
        ({"name": "a b"}, 422, "invalid_request", "/body/name"),
        ({"instance_type": "1xa1000"}, 422, "invalid_gpu_request", "/body/instance_type"),
        ({"instance_type": "1xt4"}, 422, "no_capacity", "/body/instance_type"),
        ({"quantity": 1025}, 422, "no_capacity", "/body/instance_type"),
        ({"region": "mars"}, 422, "no_capacity", "/body/region"),
        ({"gpu": "a100"}, 422, "invalid_request", "/body/gpu"),
    ],
)
def test_what_cannot_be_reserved_is_pointed_at(
    api: httpx.Client, fields: dict[str, object], status: int, code: str, loc: str
) -> None:
    answer = api.post("/v1/reservations", json={"instance_type": "1xa100", **FAR, **fields})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert [detail["loc"] for detail in problem["details"]] == [loc]
    assert api.get("/v1/reservations").json()["items"] == []


def test_what_is_nobodys_is_not_found(api: httpx.Client) -> None:
    for name in ("reservation_" + "0" * 26, "x"):
        path = f"/v1/reservations/{name}"
        answers = [
            api.get(path),
            api.patch(path, json={"auto_renew": True}),
            api.post(f"{path}:cancel"),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (404, "reservation_not_found")


def test_a_plan_says_whether_a_task_could_run_in_it(api: httpx.Client) -> None:
    reserved(api, name="mine")
    for gpu, outcome in (("a100", "passed"), ("a100:2", "failed")):
        task = {"command": ["true"], "gpu": [gpu], "reservation": "mine"}
        plan = api.post("/v1/tasks:plan", json=task).json()
        assert [check["outcome"] for check in plan["checks"] if check["name"] == "reservation"] == [
            outcome
        ]
        assert plan["feasible"] is (outcome == "passed")


def test_kills_lose_no_reservation_and_end_it_in_time(start_gateway: StartGateway) -> None:
    gateway = start_gateway(engine="local")
    end_at = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    body = {"instance_type": "8xt4", "name": "mine", "end_at": end_at}
    task = {"command": ["sleep", "600"], "gpu": ["t4:4"], "cpus": 0.1, "reservation": "mine"}
    with gateway.client() as client:
        made = client.post("/v1/reservations", json=body).json()
        inside = [client.post("/v1/tasks", json=task).json()["id"] for _ in range(3)]
        outside = client.post("/v1/tasks", json={"command": ["true"], "gpu": ["t4"]}).json()["id"]
    for _ in range(2):
        gateway.kill()
        gateway = start_gateway(engine="local")
    with gateway.client() as client:

        def states() -> list[str]:
            return [client.get(f"/v1/tasks/{each}").json()["status"] for each in inside]

        assert client.get(f"/v1/reservations/{made['id']}").json() == made
        eventually(lambda: sorted(states()) == ["pending", "running", "running"], within=15)
        assert client.get(f"/v1/tasks/{outside}").json()["status"] == "pending"
        eventually(lambda: states() == ["failed"] * 3, within=60, every=0.1)
        ends = [client.get(f"/v1/tasks/{each}").json()["reason"] for each in inside]
        assert ends == ["reservation_ended"] * 3
        ended = client.get(f"/v1/tasks/{outside}:wait?timeout=30").json()
        assert ended["status"] == "completed"
        assert client.get(f"/v1/reservations/{made['id']}").json()["status"] == "expired"


def test_they_are_kept_in_postgresql_too(start_gateway: StartGateway, postgres_url: str) -> None:
    gateway = start_gateway("--database", postgres_url)
    with gateway.client() as client:
        now = datetime.now(UTC)
        hour = {"start_at": now.isoformat(), "end_at": (now + timedelta(hours=1)).isoformat()}
        made = reserved(client, **hour, name="mine", auto_renew=True)
        task = {"command": ["true"], "gpu": ["a100"], "reservation": "mine"}
        inside = client.post("/v1/tasks", json=task).json()["id"]
        done = client.get(f"/v1/tasks/{inside}:wait?timeout=20").json()
        assert (done["status"], done["reservation"]) == ("completed", made["id"])
        held = client.post("/v1/tasks", json={**task, "hold": True}).json()["id"]
    gateway.kill()
    gateway = start_gateway("--database", postgres_url)
    with gateway.client() as client:
        assert client.get("/v1/reservations?status=active").json()["items"] == [made]
        client.post(f"/v1/reservations/{made['id']}:cancel").raise_for_status()
        ended = client.get(f"/v1/tasks/{held}:wait?timeout=20").json()
        assert ended["reason"] == "reservation_ended"
