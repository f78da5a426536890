"""Errors are made from anything that is answered: a problem, a proxy's page, nothing."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from flowkit_api import ApiError, InvalidBody
from flowkit_api.errors import from_response

from . import samples


def test_a_problem_is_read() -> None:
    error = from_response(404, {}, json.dumps(samples.PROBLEM).encode())
    assert (error.status, error.code, error.message) == (
        404,
        "task_not_found",
        "there is no such task",
    )
    assert error.correlation_id == "c0ffee"
    assert error.hint == "list the tasks"
    assert error.details == [{"loc": "/path/task_id", "msg": "unknown"}]
    assert error.retry_after is None
    assert str(error) == "there is no such task (404 task_not_found)"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "HTTP 502"),
        (b"<html>\n  Bad gateway", "<html> Bad gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[1]", "[1]"),
        (b'{"title": 3, "code": [], "detail": null, "details": 1}', None),
        (b"[" * 100_000, None),
        (b'{"title": "Down"}', "Down"),
        (b"x" * 1000, "x" * 200),
    ],
)
def test_anything_else_is_an_error_too(body: bytes, message: str | None) -> None:
    error = from_response(502, {}, body)
    assert (error.status, error.code) == (502, "http_502")
    assert message is None or error.message == message
    assert (error.hint, error.details, error.correlation_id) == (None, [], None)


@pytest.mark.parametrize(
    ("problem", "headers", "seconds"),
    [
        ({"retry_after": 2.5}, {"retry-after": "9"}, 2.5),
        ({"retry_after": 0}, {"retry-after": "9"}, 0.0),
        ({}, {"Retry-After": "9"}, 9.0),
        ({}, {"Retry-After": "Fri, 20 Nov 2026 10:00:00 GMT"}, None),
        ({"retry_after": "nan"}, {}, None),
        ({"retry_after": -1}, {}, None),
        ({"retry_after": True}, {}, None),
        ({}, {}, None),
    ],
)
def test_when_to_retry(
    problem: dict[str, Any], headers: dict[str, str], seconds: float | None
) -> None:
    assert from_response(503, headers, json.dumps(problem).encode()).retry_after == seconds


def test_the_correlation_id_is_in_the_headers_of_every_answer() -> None:
    assert from_response(500, {"Flowkit-Correlation-Id": "abc"}, b"").correlation_id == "abc"


def test_errors_can_be_pickled() -> None:
    error = from_response(404, {"retry-after": "1"}, json.dumps(samples.PROBLEM).encode())
    copied = pickle.loads(pickle.dumps(error))
    assert isinstance(copied, ApiError)
    assert vars(copied) == vars(error)
    assert str(pickle.loads(pickle.dumps(InvalidBody("Task", "not JSON")))) == (
        "not a Task: not JSON"
    )
