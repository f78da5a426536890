"""Gateways that share a database: calls to any of them, and a database that goes away."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from postgres_server import PostgresServer

from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.replicas.fleet import Fleet

WITHIN = 60.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Fleet]:
    """Two gateways whose tasks end at once; each test leaves both running."""
    url = postgres.create_schema("replicas")
    fleet = Fleet(tmp_path_factory.mktemp("replicas"), url, 2, "--engine", "null")
    try:
        yield fleet.start()
    finally:
        fleet.kill()


@pytest.fixture
def key() -> str:
    """What begins the idempotency keys of a test."""
    return uuid.uuid4().hex


def created(client: httpx.Client, key: str) -> str | None:
    """Return the id of a task that was accepted, None while it cannot be."""
    try:
        headers = {"Idempotency-Key": key}
        response = client.post("/v1/tasks", json={"command": ["true"]}, headers=headers)
    except httpx.TransportError:
        return None
    if response.status_code != 503:
        assert response.status_code == 201, response.text
        task_id: str = response.json()["id"]
        return task_id
    assert response.json()["code"] == "unavailable"
    assert int(response.headers["retry-after"]) >= 1
    return None


def test_calls_to_any_gateway_are_those_of_one(fleet: Fleet, key: str) -> None:
    with fleet.client(0) as one, fleet.client(1) as other:
        task_id = eventually(lambda: created(one, key), within=WITHIN)
        assert eventually(lambda: created(other, key), within=WITHIN) == task_id
        assert other.get(f"/v1/tasks/{task_id}:wait?timeout=20").json()["status"] == "completed"
        held = one.post("/v1/tasks", json={"command": ["true"], "hold": True}).json()["id"]
        with ThreadPoolExecutor() as pool:
            wait = pool.submit(other.get, f"/v1/tasks/{held}:wait?timeout=20")
            one.post(f"/v1/tasks/{held}:cancel")
            assert wait.result().json()["status"] == "cancelled"


def test_a_gateway_that_stops_hands_the_tasks_over_at_once(fleet: Fleet, key: str) -> None:
    holder = fleet.holder()
    with fleet.client(1 - holder) as client:
        task_id = eventually(lambda: created(client, key), within=WITHIN)
        assert fleet.gateways[holder].stop() == 0
        assert fleet.holder(but=holder) == 1 - holder
        assert eventually(lambda: created(client, key), within=WITHIN) == task_id
    fleet.start_again(holder)


def test_gateways_outlive_a_crash_of_the_database_and_cut_connections(
    fleet: Fleet, key: str, postgres: PostgresServer
) -> None:
    """What was acknowledged is there; meanwhile calls are told that nothing was changed."""
    with fleet.client(0) as client:
        before = [
            eventually(partial(created, client, f"{key}-{number}"), within=WITHIN)
            for number in range(10)
        ]
        postgres.stop(signal.SIGQUIT)
        assert created(client, f"{key}-meanwhile") is None
        postgres.start()
        after = eventually(lambda: created(client, f"{key}-meanwhile"), within=WITHIN)
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'flowkit'"
        )
        later = eventually(lambda: created(client, f"{key}-later"), within=WITHIN)
        for task_id in (*before, after, later):
            task = client.get(f"/v1/tasks/{task_id}:wait?timeout=20").json()
            assert task["status"] == "completed", task


def test_a_directory_of_such_gateways_is_not_for_one_with_a_file(fleet: Fleet) -> None:
    alone = GatewayProcess(fleet.gateways[0].data_dir, "--engine", "null")
    process = alone.spawn()
    assert process.wait(timeout=WITHIN) == 1
    assert "another gateway" in alone.log
