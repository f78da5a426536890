"""Which requests reach an operation, and what the others are told."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import iscoroutinefunction

import httpx
import pytest

from flowkit_gateway.contract import Contract
from tests.campaigns.security.contract_calls import NOBODYS, path_of

TASK_ID = "task_00000000000000000000000000"


def test_every_operation_has_a_handler_and_is_found_by_its_path() -> None:
    contract = Contract.load()
    for operation in contract.operations.values():
        names = re.findall(r"{(\w+)}", operation.path)
        found, values = contract.find(operation.method, path_of(operation))
        assert found is operation
        assert values == tuple(NOBODYS[name] for name in names)
        assert iscoroutinefunction(
            getattr(import_module(f"flowkit_gateway.handlers.{operation.tag}"), operation.id)
        )


def test_a_task_id_does_not_swallow_a_verb(api: httpx.Client) -> None:
    assert api.post(f"/v1/tasks/{TASK_ID}:cancel").json()["code"] == "task_not_found"
    assert api.get(f"/v1/tasks/{TASK_ID}:cancel").status_code == 405
    assert api.get(f"/v1/tasks/{TASK_ID}:unknown").json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/tasks/", "/v2/tasks", "/v1/tasks/a/b", "/v1/tasks//logs"]
)
def test_an_unknown_path_is_not_found(api: httpx.Client, path: str) -> None:
    response = api.get(path)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_close_path_is_suggested(api: httpx.Client) -> None:
    assert api.get("/v1/task").json()["hint"] == "Did you mean `/v1/tasks`?"


@pytest.mark.parametrize(
    "task_id", ["1", "task_", "task_%0a", "TASK_" + "0" * 26, "task_" + "0" * 26 + "%0A", "..%2f"]
)
def test_no_task_has_an_impossible_id(api: httpx.Client, task_id: str) -> None:
    response = api.get(f"/v1/tasks/{task_id}")
    assert response.status_code == 404
    assert response.json()["code"] in ("task_not_found", "not_found")


@pytest.mark.parametrize(
    "verb", ["", "/logs", "/logs:follow", "/events", "/events:follow", ":wait"]
)
def test_reading_of_an_unknown_task_is_refused(api: httpx.Client, verb: str) -> None:
    response = api.get(f"/v1/tasks/{TASK_ID}{verb}")
    assert response.json()["code"] == "task_not_found"


def test_a_wrong_method_is_told_the_right_ones(api: httpx.Client) -> None:
    response = api.put("/v1/tasks")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert response.json()["code"] == "method_not_allowed"


def test_options_lists_the_methods(api: httpx.Client) -> None:
    response = api.options(f"/v1/tasks/{TASK_ID}")
    assert response.status_code == 204
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/events:follow"])
def test_head_answers_as_get_does_but_without_a_body(api: httpx.Client, path: str) -> None:
    response = api.head(path)
    assert response.status_code == 200
    assert response.content == b""


def test_a_client_may_choose_the_correlation_id(api: httpx.Client) -> None:
    response = api.get("/v1/health", headers={"Flowkit-Correlation-Id": "my-call_1"})
    assert response.headers["flowkit-correlation-id"] == "my-call_1"


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 65, "é".encode(), b"<script>"])
def test_an_odd_correlation_id_is_replaced(api: httpx.Client, given: bytes) -> None:
    response = api.get("/v1/health", headers={b"Flowkit-Correlation-Id": given})
    assert len(response.headers["flowkit-correlation-id"]) == 16
