"""A call of every operation of the contract, made from the contract itself, so that tests of all
operations grow with it."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from flowkit_gateway.contract import Contract, Operation

OPERATIONS = list(Contract.load().operations.values())
OF_A_TASK = [operation for operation in OPERATIONS if "{task_id}" in operation.path]
NOBODYS = {
    "task_id": "task_" + "0" * 26,
    "volume_id": "vol_" + "0" * 26,
    "grant_id": "grant_" + "0" * 26,
    "upload_id": "upload_" + "0" * 26,
    "snapshot_id": "snap_" + "0" * 26,
    "secret_name": "NOBODYS",
    "profile_file_id": "profile_" + "0" * 26,
    "sweep_id": "sweep_" + "0" * 26,
    "reservation_id": "reservation_" + "0" * 26,
}
"""A value of each path parameter that names nothing."""
NOBODY = NOBODYS["task_id"]
QUIET_SECONDS = 0.3

_PATHS: dict[str, Any] = json.loads(pkgutil.get_data("flowkit_api", "openapi.json") or b"")["paths"]
_SPACE = {"space": NOBODYS["volume_id"]}
_BODIES: dict[str, Any] = {
    "TaskCreate": {"command": ["true"]},
    "TaskBatchCreate": {"tasks": [{"command": ["true"]}]},
    "TaskUpdate": {"labels": {"changed": "by-b"}},
    "InstanceTypeRequest": {"gpu_count": 1},
    "MountRequest": {"volume": "nobodys"},
    "SnapshotApplication": {"snapshot_id": NOBODYS["snapshot_id"]},
    "VolumeCreate": {"size_gb": 1},
    "VolumeUpdate": {"size_gb": 2},
    "VolumeClone": {},
    "GrantCreate": {"volume_id": NOBODYS["volume_id"], "principal": "user:eve"},
    "DirectoryRequest": {**_SPACE, "path": "made-by-b"},
    "MoveRequest": {**_SPACE, "source": "kept", "target": "moved-by-b"},
    "UploadCreate": {**_SPACE, "path": "sent-by-b", "size_bytes": 1},
    "UploadCompletion": {},
    "SnapshotCreate": {"entries": []},
    "SecretCreate": {"name": "B", "value": "of b"},
    "SecretUpdate": {"value": "changed by b"},
    "SweepCreate": {
        "task": {"command": ["true", "{x}"]},
        "parameters": [{"name": "x", "values": ["1"]}],
    },
    "ReservationCreate": {"instance_type": "nobodys", "end_at": "2100-01-01T00:00:00Z"},
    "ReservationUpdate": {"auto_renew": True},
    "ProfileFileCreate": {"path": ".b", "content": "of b"},
    "ProfileFileUpdate": {"content": "changed by b"},
    "GarbageCollection": {"dry_run": True},
}
_QUERIES = {**_SPACE, "path": "kept", "instance_type": "nobodys"}
"""Values of query parameters that calls must have."""
_HEADERS = {"Upload-Offset": "0"}
"""Values of header parameters that calls must have."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    code: str | None
    """Of a problem."""
    text: str
    """Body and headers."""


def body_of(operation: Operation, ids: Mapping[str, str] | None = None) -> Any:
    """Return a valid body; a new schema of the contract needs a line above.

    Args:
        operation: What it is for.
        ids: What it names by the names of path parameters, in place of what is nobody's.
    """
    if not operation.has_body:
        return None
    item = _PATHS[operation.path][operation.method.lower()]
    if operation.takes_bytes:
        return b"of b"
    schema = item["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    text = json.dumps(_BODIES[schema.rpartition("/")[2]])
    for name, value in (ids or {}).items():
        text = text.replace(NOBODYS[name], value)
    return json.loads(text)


def path_of(operation: Operation, ids: Mapping[str, str] | None = None) -> str:
    """Return a path that names nothing, or what `ids` says."""
    return operation.path.format_map({**NOBODYS, **(ids or {})})


def request_of(
    client: httpx.Client,
    operation: Operation,
    *,
    ids: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Return a call that is valid but for what it names."""
    body = body_of(operation, ids)
    needed = {name: _QUERIES[name] for name in operation.query if operation.query[name].required}
    if "space" in needed:
        needed["space"] = (ids or {}).get("volume_id", needed["space"])
    fields = {
        parameter.name: _HEADERS[parameter.name]
        for parameter in operation.headers.values()
        if parameter.required
    }
    if operation.takes_bytes:
        fields["Content-Type"] = "application/octet-stream"
    return client.build_request(
        operation.method,
        path_of(operation, ids),
        params={**needed, **(query or {})},
        headers={**fields, **(headers or {})},
        json=None if operation.takes_bytes else body,
        content=body if operation.takes_bytes else None,
    )


def call(
    client: httpx.Client,
    operation: Operation,
    *,
    ids: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make a call; of a stream only what comes before it is quiet for a while."""
    request = request_of(client, operation, ids=ids, query=query, headers=headers)
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
