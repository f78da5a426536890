"""A call of every operation of the contract, made from the contract itself, so that tests of all
operations grow with it."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx

from flowkit_gateway.contract import Contract, Operation

OPERATIONS = list(Contract.load().operations.values())
OF_A_TASK = [operation for operation in OPERATIONS if "{task_id}" in operation.path]
NOBODY = "task_" + "0" * 26
QUIET_SECONDS = 0.3

_PATHS: dict[str, Any] = json.loads(pkgutil.get_data("flowkit_api", "openapi.json") or b"")["paths"]
_BODIES: dict[str, Any] = {
    "TaskCreate": {"command": ["true"]},
    "TaskBatchCreate": {"tasks": [{"command": ["true"]}]},
    "TaskUpdate": {"labels": {"changed": "by-b"}},
    "InstanceTypeRequest": {"gpu_count": 1},
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    code: str | None
    """Of a problem."""
    text: str
    """Body and headers."""


def body_of(operation: Operation) -> dict[str, Any] | None:
    """Return a valid body; a new schema of the contract needs a line above."""
    if not operation.has_body:
        return None
    item = _PATHS[operation.path][operation.method.lower()]
    schema = item["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body: dict[str, Any] = json.loads(json.dumps(_BODIES[schema.rpartition("/")[2]]))
    return body


def call(
    client: httpx.Client,
    operation: Operation,
    *,
    task_id: str = NOBODY,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Make a call; of a stream only what comes before it is quiet for a while."""
    path = operation.path.replace("{task_id}", task_id)
    assert "{" not in path, "a new path parameter: say here what it is"
    request = client.build_request(
        operation.method, path, params=query, headers=headers, json=body_of(operation)
    )
    if operation.path.endswith(":follow"):
        request.extensions["timeout"] = {"connect": 5, "read": QUIET_SECONDS, "write": 5, "pool": 5}
    response = client.send(request, stream=True)
    try:
        text = b"".join(_until_quiet(response)).decode()
    finally:
        response.close()
    problem = response.headers.get("content-type") == "application/problem+json"
    code = json.loads(text)["code"] if problem else None
    return Answer(response.status_code, code, f"{text}\n{response.headers}")


def _until_quiet(response: httpx.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes()
    except httpx.ReadTimeout:
        return
