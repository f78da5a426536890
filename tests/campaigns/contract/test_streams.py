"""The streams of server-sent events, held to the contract as generated calls hold the rest."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from flowkit_gateway.contract import Contract
from tests.campaigns.form import seed, sized
from tests.gateway.conftest import end_all_tasks
from tests.gateway.gateway_process import GatewayProcess

CONTRACT = Contract.load()
STREAMS = [
    operation for operation in CONTRACT.operations.values() if operation.path[-7:] == ":follow"
]
Followed = tuple[httpx.Client, dict[str, str]]
SCHEMAS = {
    name: CONTRACT.validator({"$ref": f"#/components/schemas/{name}"})
    for name in ("Event", "LogChunk", "LogEnd", "SweepCase", "Sweep")
}
KINDS = {
    "follow_task_logs": {"log": "LogChunk", "end": "LogEnd"},
    "follow_sweep_cases": {"case": "SweepCase", "end": "Sweep"},
}
"""The schemas of events that are no `Event`, by operation and name."""
TRIES = sized(short=60, full=1500)
SCRIPT = r"""
printf 'one\n\303'; printf '\251 \360\237\230\200\n' >&2; printf '\377\000\r\033[31m'; seq 200
"""

VALID: Mapping[str, tuple[str, ...]] = {
    "offset": ("0", "1", "4", "700", "9007199254740991"),
    "tail": ("0", "1", "10000000"),
    "since": ("2026-01-01T00:00:00Z", "2999-12-31T23:59:59.999999+14:00"),
    "stream": ("stdout", "stderr"),
    "attempt": ("1",),
    "node": ("0",),
    "all_nodes": ("false",),
    "after": ("0", "1", "9007199254740991"),
    "Last-Event-ID": ("0", "7", "9999999999999999"),
}
INVALID: Mapping[str, tuple[str, ...]] = {
    "offset": ("-1", "9007199254740992", "1.0", "", "x", "0x1", "1_0", "\u0661"),
    "tail": ("-1", "10000001", "all"),
    "since": ("now", "2026-01-01", "2026-01-01T00:00:60Z", "2026-02-30T00:00:00Z", ""),
    "stream": ("both", "STDOUT", ""),
    "attempt": ("0", "-1", "1000001", "x"),
    "node": ("-1", "100000", "x"),
    "all_nodes": ("1", "yes", ""),
    "after": ("-1", "9007199254740992", "1e3"),
    "Last-Event-ID": ("-1", "x", "", "1" * 17, "1.0"),
}


def parameters(operation: Any) -> list[str]:
    return [*operation.query, *(parameter.name for parameter in operation.headers.values())]


@pytest.fixture(scope="module")
def followed(local_gateway: GatewayProcess) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A client, and what has ended: a task that wrote to both streams what is no text, a sweep."""
    with local_gateway.client("streams") as client:
        body = {"command": ["bash", "-c", SCRIPT]}
        task = client.post("/v1/tasks", json=body).raise_for_status().json()
        client.get(f"/v1/tasks/{task['id']}:wait")
        cases = {"task": {"command": ["true"]}, "parameters": [{"name": "x", "values": ["1", "2"]}]}
        sweep = client.post("/v1/sweeps", json=cases).raise_for_status().json()
        client.get(f"/v1/sweeps/{sweep['id']}:wait")
        yield client, {"task_id": task["id"], "sweep_id": sweep["id"]}
        end_all_tasks(client)


def events(response: httpx.Response) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, colon, value = line.partition(": ")
            assert colon
            assert name in ("event", "id", "data")
            assert name not in fields
            fields[name] = value
        elif fields:
            yield fields
            fields = {}
    assert not fields, "the stream ended within an event"


def check_event(operation: Any, fields: Mapping[str, str]) -> None:
    assert fields.keys() == {"event", "id", "data"}
    document = json.loads(fields["data"])
    schema = SCHEMAS[KINDS.get(operation.id, {}).get(fields["event"], "Event")]
    errors: list[object] = list(schema.iter_errors(document))
    assert not errors, errors
    assert 0 <= int(fields["id"]) < 10**16
    if schema is SCHEMAS["LogChunk"]:
        assert ("text" in document) != ("base64" in document)
    if schema is SCHEMAS["Event"]:
        assert document["number"] == int(fields["id"])
        assert document["type"] == fields["event"]


def test_there_are_streams() -> None:
    assert {operation.id for operation in STREAMS} == {
        "follow_events",
        "follow_sweep_cases",
        "follow_task_events",
        "follow_task_logs",
    }


def test_every_parameter_has_values() -> None:
    names = {name for operation in STREAMS for name in parameters(operation)}
    assert names == VALID.keys() == INVALID.keys()


@pytest.mark.timeout(sized(short=60, full=600))
@pytest.mark.parametrize("operation", STREAMS, ids=lambda operation: operation.id)
def test_a_stream_keeps_the_contract_whatever_it_is_asked(
    operation: Any, followed: Followed
) -> None:
    client, ids = followed
    chance = random.Random(seed())
    path = operation.path.format_map(ids)
    for _ in range(TRIES):
        query, headers, valid = generated(operation, chance)
        with client.stream("GET", path, params=query, headers=headers) as response:
            if not valid:
                assert response.status_code == 422, (query, headers)
                assert json.loads(response.read())["code"] == "invalid_request"
                continue
            assert response.status_code == 200, (query, headers, response.read())
            assert response.headers["content-type"] == "text/event-stream"
            if operation.id == "follow_events":
                # It has no end: what has happened by now is all that is looked at.
                if headers.get("Last-Event-ID") == "0":
                    check_event(operation, next(events(response)))
                continue
            seen = list(events(response))
            if operation.id == "follow_task_logs" and not ("offset" in query or headers):
                assert seen.pop(0).keys() == {"id"}, "it does not say where it starts"
            for fields in seen:
                check_event(operation, fields)
            numbers = [int(fields["id"]) for fields in seen]
            assert numbers == sorted(numbers)
            if operation.id in KINDS:
                assert [fields["event"] for fields in seen].index("end") == len(seen) - 1


def generated(operation: Any, chance: random.Random) -> tuple[dict[str, str], dict[str, str], bool]:
    """Return a query and headers, and whether the contract allows them."""
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    valid = True
    for name in parameters(operation):
        if chance.random() < 0.5:
            continue
        wrong = chance.random() < 0.15
        valid = valid and not wrong
        value = chance.choice((INVALID if wrong else VALID)[name])
        (headers if name == "Last-Event-ID" else query)[name] = value
    return query, headers, valid


@pytest.mark.parametrize("operation", STREAMS, ids=lambda operation: operation.id)
@pytest.mark.parametrize("task_id", ["task_" + "0" * 26, "task_x", "%2e%2e", "task_" + "0" * 27])
def test_a_stream_of_no_task_is_refused(operation: Any, task_id: str, followed: Followed) -> None:
    if "{task_id}" not in operation.path:
        pytest.skip("it is no task's")
    response = followed[0].get(operation.path.replace("{task_id}", task_id))
    assert (response.status_code, response.json()["code"]) == (404, "task_not_found")


@pytest.mark.parametrize("operation", STREAMS, ids=lambda operation: operation.id)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_stream_is_only_read(operation: Any, method: str, followed: Followed) -> None:
    client, ids = followed
    response = client.request(method, operation.path.format_map(ids))
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("operation", STREAMS, ids=lambda operation: operation.id)
def test_a_head_of_a_stream_ends(operation: Any, followed: Followed) -> None:
    client, ids = followed
    response = client.head(operation.path.format_map(ids))
    assert (response.status_code, response.content) == (200, b"")
    assert client.get("/v1/health").status_code == 200
