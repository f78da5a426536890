"""What is checked of a request before a handler sees it."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.gateway.gateway_process import GatewayProcess

JSON = {"Content-Type": "application/json"}


def refused(response: httpx.Response) -> dict[str, tuple[str, str | None]]:
    """Return what was wrong with a request: message and hint by place."""
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["code"] == "invalid_request"
    return {item["loc"]: (item["msg"], item.get("hint")) for item in problem["details"]}


def post(api: httpx.Client, body: bytes | str, path: str = "/v1/tasks") -> httpx.Response:
    return api.post(path, content=body, headers=JSON)


def test_all_mistakes_are_told_at_once(api: httpx.Client) -> None:
    body = {
        "command": ["a", 1],
        "gpus": ["a100"],
        "cpus": 0,
        "env": {"1A": "x"},
        "max_price_per_hour": {"amount_minor": 1},
        "priority": 1.5,
    }
    response = api.post("/v1/tasks?page_size=1", json=body, headers={"Idempotency-Key": "a b"})
    assert refused(response) == {
        "/query/page_size": ("is not known", None),
        "/header/Idempotency-Key": (
            "must be 1 to 255 printable ASCII characters without a space",
            None,
        ),
        "/body/command/1": ("must be a string", None),
        "/body/gpus": ("is not known", "Did you mean `gpu`?"),
        "/body/cpus": ("must be more than 0", None),
        "/body/env": (
            "has a member whose name must match the pattern ^[A-Za-z_][A-Za-z0-9_]*$",
            None,
        ),
        "/body/max_price_per_hour/currency": ("is required", None),
        "/body/priority": ("must be an integer", None),
    }


@pytest.mark.parametrize(
    ("query", "loc", "message"),
    [
        ("page_size=0", "/query/page_size", "must be at least 1"),
        ("page_size=1001", "/query/page_size", "must be at most 1000"),
        ("page_size=ten", "/query/page_size", "must be an integer"),
        ("page_size=1.0", "/query/page_size", "must be an integer"),
        ("page_size=", "/query/page_size", "must be an integer"),
        ("page_size=1&page_size=2", "/query/page_size", "is given more than once"),
        ("page_token=x", "/query/page_token", "is not a token of this list"),
        ("page_token=%00", "/query/page_token", "is not a token of this list"),
        ("page_token=MQ", "/query/page_token", "is not a token of this list"),
        ("status=done", "/query/status/0", "must be `pending`, `starting`, `running`, "),
        ("status=running&status=x", "/query/status/1", "must be `pending`"),
        ("name=", "/query/name", "must have at least 1 character"),
        ("pagesize=1", "/query/pagesize", "is not known"),
    ],
)
def test_a_query_parameter_is_checked(
    api: httpx.Client, query: str, loc: str, message: str
) -> None:
    found = refused(api.get(f"/v1/tasks?{query}"))
    assert found[loc][0].startswith(message)


def test_a_close_parameter_is_suggested(api: httpx.Client) -> None:
    found = refused(api.get("/v1/tasks?pagesize=1"))
    assert found["/query/pagesize"] == ("is not known", "Did you mean `page_size`?")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/instance_types", "min_gpu_memory_gb=nan"),
        ("/v1/instance_types", "min_gpu_memory_gb=inf"),
        ("/v1/instance_types", "min_gpu_memory_gb=0x10"),
        ("/v1/instance_types", "max_price_per_hour=" + "9" * 100),
        ("/v1/tasks/task_00000000000000000000000000:wait", "timeout=61"),
        ("/v1/tasks/task_00000000000000000000000000:wait", "until=never"),
        ("/v1/tasks/task_00000000000000000000000000/logs", "since=yesterday"),
        ("/v1/tasks/task_00000000000000000000000000/logs", "stream=both"),
    ],
)
def test_a_number_or_name_must_be_one(api: httpx.Client, path: str, query: str) -> None:
    assert set(refused(api.get(f"{path}?{query}"))) == {"/query/" + query.partition("=")[0]}


def test_a_boolean_is_true_or_false(api: httpx.Client) -> None:
    path = "/v1/tasks/task_00000000000000000000000000:cancel"
    assert refused(api.post(f"{path}?force=1")) == {
        "/query/force": ("must be `true` or `false`", None)
    }
    assert api.post(f"{path}?force=true").status_code == 404


@pytest.mark.parametrize("query", ["name=%ff", "&".join(f"label={i}" for i in range(300))])
def test_a_query_that_cannot_be_read_is_malformed(api: httpx.Client, query: str) -> None:
    response = api.get(f"/v1/tasks?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")


def test_a_secret_is_never_repeated(api: httpx.Client) -> None:
    body = {"command": ["a"], "env": {"TOKEN": "hunter2\0"}, "caller_env": {"KEY": 5_318_008}}
    response = api.post("/v1/tasks", json=body)
    assert refused(response) == {
        "/body/env/TOKEN": ("must not contain a NUL character", None),
        "/body/caller_env/KEY": ("must be a string", None),
    }
    assert "hunter2" not in response.text
    assert "5318008" not in response.text


def test_a_long_list_of_mistakes_is_cut(api: httpx.Client) -> None:
    response = api.post("/v1/tasks", json={"command": [0] * 1000})
    assert len(refused(response)) == 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'command': []}",
        b'{"command": ["a"]} x',
        b'{"command": ["a"], "command": ["b"]}',
        b'{"command": ["a"], "env": {"A": "1", "A": "2"}}',
        b'{"command": ["a"], "cpus": NaN}',
        b'{"command": ["a"], "cpus": Infinity}',
        b'{"command": ["a"], "cpus": 1e999}',
        b'{"command": ["a"], "priority": ' + b"9" * 5000 + b"}",
        b'{"command": ["\\ud800"]}',
        b'{"command": ["\\udc00\\ud800"]}',
        b'{"command": ["\xff"]}',
        b'\xef\xbb\xbf{"command": ["a"]}',
        '{"command": ["a"]}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_not_one_json_document_is_malformed(api: httpx.Client, body: bytes) -> None:
    response = post(api, body)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")
    assert api.get("/v1/tasks").json()["items"] == []


@pytest.mark.parametrize("depth", [100, 500])
def test_a_deep_document_is_refused_without_harm(api: httpx.Client, depth: int) -> None:
    response = post(api, b'{"command": ' + b"[" * depth + b"]" * depth + b"}")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")
    assert api.get("/v1/health").status_code == 200


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "1", "true"])
def test_a_body_must_be_an_object(api: httpx.Client, body: str) -> None:
    assert refused(post(api, body)) == {"/body": ("must be an object", None)}


def test_null_means_absent(api: httpx.Client) -> None:
    body = {"command": ["a"], "name": None, "labels": {"a": "b", "c": None}, "gpu": None}
    response = api.post("/v1/tasks", json=body)
    assert response.status_code == 201
    assert response.json()["labels"] == {"a": "b"}
    assert "name" not in response.json()
    assert refused(api.post("/v1/tasks", json={"command": None})) == {
        "/body/command": ("is required", None)
    }


def test_an_integer_may_be_written_as_a_float(api: httpx.Client) -> None:
    task = {"command": ["a"], "priority": 5.0, "num_instances": 1e0}
    response = post(api, json.dumps({"tasks": [task]}), "/v1/tasks:batch")
    assert response.status_code == 201
    answered: dict[str, Any] = response.json()["items"][0]
    assert (repr(answered["priority"]), repr(answered["num_instances"])) == ("5", "1")


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"],
)
def test_a_body_that_is_not_said_to_be_json_is_refused(
    api: httpx.Client, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = api.post("/v1/tasks", content=b'{"command": ["a"]}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_said_in_other_words(api: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = api.post("/v1/tasks", content=b'{"command": ["a"]}', headers=headers)
    assert response.status_code == 201


def test_a_body_where_none_belongs_is_refused(api: httpx.Client) -> None:
    path = "/v1/tasks/task_00000000000000000000000000:cancel"
    response = api.post(path, json={"force": True})
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")


def test_a_body_that_is_said_to_be_too_large_is_not_read(null_gateway: GatewayProcess) -> None:
    head = request_head(null_gateway, "Content-Length: 17179869184", "Expect: 100-continue")
    answer = exchange(null_gateway, head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"payload_too_large" in answer


def test_a_body_that_grows_too_large_is_not_read_to_its_end(null_gateway: GatewayProcess) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with connection(null_gateway) as peer:
        peer.sendall(request_head(null_gateway, "Transfer-Encoding: chunked"))
        sent = 0
        try:
            while sent < 256:
                peer.sendall(chunk)
                sent += 1
        except OSError:
            # The gateway has answered and closed the connection.
            assert sent < 128
        answer = received(peer)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 256


def test_a_large_body_is_taken(api: httpx.Client) -> None:
    tasks = [{"command": ["a", "b" * 100_000]} for _ in range(100)]
    response = api.post("/v1/tasks:batch", json={"tasks": tasks})
    assert response.status_code == 201
    assert len(response.json()["items"]) == 100


@pytest.mark.parametrize(
    "field",
    [
        "Idempotency-Key: a",
        "Content-Type: application/json",
        "Flowkit-Project: a",
        "Host: localhost",
    ],
)
def test_a_header_that_counts_may_be_given_once(null_gateway: GatewayProcess, field: str) -> None:
    head = request_head(null_gateway, field, field, "Content-Length: 2")
    answer = exchange(null_gateway, head + b"{}")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"given twice" in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /v1/health?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"NOT HTTP\r\n\r\n",
    ],
    ids=["long header", "long query", "not HTTP"],
)
def test_what_is_not_http_is_refused_as_a_problem(
    null_gateway: GatewayProcess, request_bytes: bytes
) -> None:
    head, _, body = exchange(null_gateway, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"flowkit-correlation-id: " in head
    assert json.loads(body)["code"] == "malformed_request"


def request_head(gateway: GatewayProcess, *fields: str) -> bytes:
    lines = ["POST /v1/tasks HTTP/1.1", f"Authorization: Bearer {gateway.token}", *fields]
    given = {field.partition(":")[0] for field in fields}
    usual = {"Host": "localhost", "Content-Type": "application/json"}
    lines += [f"{name}: {value}" for name, value in usual.items() if name not in given]
    return "\r\n".join([*lines, "", ""]).encode()


def connection(gateway: GatewayProcess) -> socket.socket:
    address = urlsplit(gateway.url)
    assert address.hostname is not None
    return socket.create_connection((address.hostname, address.port or 0), timeout=10)


def received(peer: socket.socket) -> bytes:
    answer = b""
    while block := peer.recv(65536):
        answer += block
        head, separator, body = answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
        if separator and len(body) >= int(length):
            break
    return answer


def exchange(gateway: GatewayProcess, request: bytes) -> bytes:
    with connection(gateway) as peer:
        peer.sendall(request)
        return received(peer)
