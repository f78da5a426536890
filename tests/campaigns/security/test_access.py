"""No call without the key, from this machine alone, and from no web page."""

from __future__ import annotations

import ipaddress
import json
import re

import httpx
import psutil
import pytest

from flowkit_gateway.contract import Operation
from tests.campaigns.security.contract_calls import (
    NOBODY,
    NOBODYS,
    OPERATIONS,
    call,
    path_of,
    request_of,
)
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess

ids = [operation.id for operation in OPERATIONS]
WITHOUT = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer x"},
    {"Authorization": "Basic {token}"},
    {"Authorization": "{token}"},
    {"Authorization": "Bearer {token}x"},
    {"Authorization": "Bearer {part}"},
    {"X-Api-Key": "{token}"},
    {"Cookie": "token={token}"},
    {"Proxy-Authorization": "Bearer {token}"},
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_no_operation_answers_without_the_key(
    operation: Operation, null_gateway: GatewayProcess
) -> None:
    token = null_gateway.token
    with null_gateway.client() as client:
        task = client.post("/v1/tasks", json={"command": ["true"]}).json()
        events = client.get("/v1/events").json()["items"][0]["number"]
        del client.headers["authorization"]
        for fields in WITHOUT:
            headers = {
                name: value.format(token=token, part=token[:-1]) for name, value in fields.items()
            }
            for task_id in (task["id"], NOBODY):
                answer = call(client, operation, ids={"task_id": task_id}, headers=headers)
                assert (answer.status, answer.code) == (401, "unauthenticated"), headers
                assert task_id not in answer.text
            answer = call(client, operation, query={"access_token": token, "token": token})
            assert (answer.status, answer.code) == (401, "unauthenticated")
    with null_gateway.client() as client:
        assert client.get("/v1/tasks").json()["items"][0]["id"] == task["id"]
        changes = client.get(f"/v1/tasks/{task['id']}/events").json()["items"]
        assert events
        assert not [event for event in changes if event["type"] in ("task.updated", "task.deleted")]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/openapi.json", "/docs", "/v1/tasks/../tasks", "/v2"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "TRACE"])
def test_a_stranger_does_not_learn_what_paths_there_are(
    null_gateway: GatewayProcess, path: str, method: str
) -> None:
    with null_gateway.client(key="wrong") as client:
        assert client.request(method, path).status_code == 401


def test_a_gateway_listens_on_loopback_alone(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--embedded")
    assert gateway.process is not None
    listening = [
        connection.laddr.ip
        for process in [psutil.Process(gateway.process.pid)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(ipaddress.ip_address(address).is_loopback for address in listening)


ORIGINS = ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
@pytest.mark.parametrize("origin", ORIGINS)
def test_no_answer_lets_a_web_page_read_it(
    operation: Operation, origin: str, null_gateway: GatewayProcess
) -> None:
    with null_gateway.client() as client:
        answer = call(client, operation, headers={"Origin": origin})
        assert "access-control" not in answer.text.lower()
        path = path_of(operation)
        preflight = {
            "Origin": origin,
            "Access-Control-Request-Method": operation.method,
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        allowed = client.options(path, headers=preflight)
        assert not [name for name in allowed.headers if name.startswith("access-control")]
        del client.headers["authorization"]
        assert client.options(path, headers=preflight).status_code == 401


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.parametrize(
    "operation", [operation for operation in OPERATIONS if operation.has_body], ids=lambda o: o.id
)
def test_what_a_form_of_a_web_page_can_send_is_refused(
    operation: Operation, content_type: str, null_gateway: GatewayProcess, project: str
) -> None:
    """Even if a browser knew the key: such a request needs no preflight."""
    with null_gateway.client(project) as client:
        request = request_of(client, operation)
        request.headers["Content-Type"] = content_type
        answer = client.send(request)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert client.get("/v1/tasks").json()["items"] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::2]", "127.0.0.1@evil"],
)
def test_no_operation_answers_under_a_name_that_a_web_page_has_pointed_here(
    operation: Operation, host: str, null_gateway: GatewayProcess
) -> None:
    with null_gateway.client() as client:
        answer = call(client, operation, headers={"Host": host})
    assert (answer.status, answer.code) == (421, "host_not_allowed")


TRAVERSALS = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%252e%252e%252f",
    "task_%00",
    "task_" + "0" * 26 + "%2f..",
    "task_" + "0" * 26 + "%0a",
    "task_" + "0" * 26 + "%20",
    "TASK_" + "0" * 26,
    "task_" + "\u0660" * 26,
    "'%20OR%201=1--",
]


@pytest.mark.parametrize("task_id", TRAVERSALS)
@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "{" in o.path], ids=lambda o: o.id)
def test_an_id_is_never_a_path(operation: Operation, task_id: str, api: httpx.Client) -> None:
    answer = call(api, operation, ids=dict.fromkeys(NOBODYS, task_id))
    assert answer.status in (404, 405), answer
    assert not re.search("passwd|root:", answer.text)


PLACES = {("list_files", "LTE"), ("list_profile_files", "LTE")}
"""`-1` is the name of a file like any other, so that a list can go on after it."""


@pytest.mark.parametrize(
    "token",
    [
        "..",
        "%2e%2e%2f",
        "Li4vLi4v",
        "dGFza18nIE9SIDE9MQ",
        "AAAA",
        "=" * 4,
        "MSBPUiAx",
        "LTE",
        "\u00e9",
    ],
)
@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if "page_token" in o.query], ids=lambda o: o.id
)
def test_a_page_token_is_never_more_than_a_place(
    operation: Operation, token: str, api: httpx.Client
) -> None:
    task = api.post("/v1/tasks", json={"command": ["true"]}).json()
    volume = api.post("/v1/volumes", json={"size_gb": 1}).json()
    sweep = api.post(
        "/v1/sweeps",
        json={"task": {"command": ["true"]}, "parameters": [{"name": "x", "values": ["1"]}]},
    ).json()
    ids = {"task_id": task["id"], "volume_id": volume["id"], "sweep_id": sweep["id"]}
    answer = call(api, operation, ids=ids, query={"page_token": token})
    if (operation.id, token) in PLACES:
        assert (answer.status, json.loads(answer.text.splitlines()[0])) == (200, {"items": []})
    else:
        assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "..", ".", "a/b", "a\x00", "~", "-rf"])
def test_a_name_is_never_a_path(api: httpx.Client, name: str) -> None:
    assert api.post("/v1/tasks", json={"command": ["a"], "name": name}).status_code == 422


@pytest.mark.parametrize(
    "folder", ["relative", "~", "/nowhere", "/dev/null", "/\x00", "/tmp/" + "x" * 300]
)
def test_a_working_directory_is_one(local: httpx.Client, folder: str) -> None:
    body = {"command": ["true"], "working_dir": folder}
    assert local.post("/v1/tasks", json=body).status_code == 422


def test_labels_may_look_like_paths_and_are_none(local: httpx.Client) -> None:
    labels = {"a/../../b": "../../../etc/passwd", "c": "/etc"}
    task = local.post("/v1/tasks", json={"command": ["ls"], "labels": labels}).json()
    assert local.get(f"/v1/tasks/{task['id']}:wait").json()["labels"] == labels
    assert local.get(f"/v1/tasks/{task['id']}/logs").json()["chunks"] == []
