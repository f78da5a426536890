"""The exception tree, and how an HTTP answer becomes one of its errors."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit import errors
from flowkit.errors import ErrorDetail, FlowError, error_from_response


def _tree(cls: type[FlowError]) -> Iterator[type[FlowError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _tree(child)


CLASSES = [cls for cls in _tree(FlowError) if cls.__module__ == errors.__name__]

CONTRACT_CODES = {
    "malformed_request": (400, errors.MalformedRequest),
    "invalid_request": (422, errors.InvalidRequest),
    "invalid_gpu_request": (422, errors.InvalidGPURequest),
    "no_capacity": (422, errors.NoCapacity),
    "unsupported_by_engine": (422, errors.UnsupportedByEngine),
    "unauthenticated": (401, errors.Unauthenticated),
    "permission_denied": (403, errors.PermissionDenied),
    "not_found": (404, errors.NotFound),
    "task_not_found": (404, errors.TaskNotFound),
    "method_not_allowed": (405, errors.MethodNotAllowed),
    "conflict": (409, errors.Conflict),
    "idempotency_conflict": (409, errors.IdempotencyConflict),
    "task_not_terminal": (409, errors.TaskNotTerminal),
    "payload_too_large": (413, errors.PayloadTooLarge),
    "unsupported_media_type": (415, errors.UnsupportedMediaType),
    "host_not_allowed": (421, errors.HostNotAllowed),
    "rate_limited": (429, errors.RateLimited),
    "internal_error": (500, errors.ServerError),
    "unavailable": (503, errors.Unavailable),
    "storage_full": (507, errors.StorageFull),
}


def _full(cls: type[FlowError]) -> FlowError:
    return cls(
        "it broke",
        status=503,
        correlation_id="c1",
        details=[ErrorDetail("/body/gpu/0", "unknown model", "h100")],
        hint="try again",
        retry_after=2.5,
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_carries_the_same_fields(cls: type[FlowError]) -> None:
    error = _full(cls)
    assert error.message == "it broke"
    assert error.code == cls.code
    assert (error.status, error.correlation_id, error.retry_after) == (503, "c1", 2.5)
    assert error.details == (ErrorDetail("/body/gpu/0", "unknown model", "h100"),)
    assert str(error) == (
        "it broke (correlation id c1)\n  /body/gpu/0: unknown model (h100)\nhint: try again"
    )
    assert repr(error) == f"{cls.__name__}('it broke')"
    assert str(cls("it broke")) == "it broke"


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_survives_pickle_and_copy(cls: type[FlowError]) -> None:
    error = _full(cls)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is cls
        assert str(again) == str(error)
        assert vars(again) == vars(error)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_stands_in_the_drawn_tree_and_has_a_code_of_its_own(
    cls: type[FlowError],
) -> None:
    assert cls.__name__ in (errors.__doc__ or "")
    assert cls.__doc__
    assert [other for other in CLASSES if other.code == cls.code] == [cls]


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.GatewayStartError, RuntimeError),
        (errors.APIConnectionError, ConnectionError),
        (errors.APITimeout, TimeoutError),
        (errors.APITimeout, errors.APIConnectionError),
        (errors.WaitTimeout, TimeoutError),
        (errors.InvalidRequest, ValueError),
        (errors.UnsupportedByEngine, NotImplementedError),
        (errors.Unauthenticated, PermissionError),
        (errors.PermissionDenied, PermissionError),
        (errors.NotFound, LookupError),
        (errors.StorageFull, OSError),
    ],
)
def test_natural_errors_are_built_ins_too(cls: type[FlowError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin) as caught:
        raise cls("it broke", hint="try again")
    assert str(caught.value) == "it broke\nhint: try again"


def test_a_detail_that_the_message_states_is_not_repeated() -> None:
    error = FlowError("unknown model 'h10'", details=[ErrorDetail("", "unknown model 'h10'")])
    assert str(error) == "unknown model 'h10'"


def test_a_wait_that_timed_out_has_room_for_its_task() -> None:
    error = errors.WaitTimeout("not done after 5s")
    assert error.task is None
    error.task = "task_1"
    assert pickle.loads(pickle.dumps(error)).task == "task_1"


@pytest.mark.parametrize(("code", "expected"), CONTRACT_CODES.items())
def test_the_code_decides_the_class(code: str, expected: tuple[int, type[FlowError]]) -> None:
    status, cls = expected
    body = json.dumps({"type": "about:blank", "title": "T", "status": status, "code": code})
    error = error_from_response(status, {}, body.encode())
    assert type(error) is cls
    assert (error.code, error.status, error.message) == (code, status, "T")
    # The code is the stabler of the two.
    assert type(error_from_response(418, {}, body.encode())) is cls


def test_all_fields_of_a_problem_are_read() -> None:
    problem = {
        "code": "invalid_request",
        "title": "Invalid request",
        "detail": "two fields are wrong",
        "correlation_id": "c1",
        "hint": "see the docs",
        "retry_after": 3,
        "details": [{"loc": "/body/a", "msg": "bad", "hint": "good"}, {"loc": "/b", "msg": "x"}],
    }
    error = error_from_response(422, {}, json.dumps(problem).encode())
    assert error.message == "two fields are wrong"
    assert error.correlation_id == "c1"
    assert error.hint == "see the docs"
    assert error.retry_after == 3.0
    assert error.details == (ErrorDetail("/body/a", "bad", "good"), ErrorDetail("/b", "x", None))


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, errors.InvalidRequest),
        (401, errors.Unauthenticated),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (408, errors.APITimeout),
        (409, errors.Conflict),
        (413, errors.PayloadTooLarge),
        (418, errors.InvalidRequest),
        (422, errors.InvalidRequest),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (502, errors.Unavailable),
        (504, errors.Unavailable),
        (507, errors.StorageFull),
        (599, errors.ServerError),
        (302, errors.InvalidResponse),
    ],
)
@pytest.mark.parametrize("body", [b"", b"[]", b'{"code": "of next year"}', b'{"code": 5}'])
def test_without_a_known_code_the_status_decides(
    status: int, cls: type[FlowError], body: bytes
) -> None:
    error = error_from_response(status, {}, body)
    assert type(error) is cls
    assert error.status == status
    assert str(status) in error.message


def test_a_code_of_next_year_is_kept() -> None:
    assert error_from_response(409, {}, b'{"code": "of_next_year"}').code == "of_next_year"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "HTTP 502 Bad Gateway"),
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "HTTP 502 Bad Gateway"),
        (b"<h1>nginx</h1>\n\n<p>is tired</p>", "HTTP 502 Bad Gateway: nginx is tired"),
        (b"upstream\x1b[31m gone\xff", "HTTP 502 Bad Gateway: upstream[31m gone\ufffd"),
        (b"[1, 2]", "HTTP 502 Bad Gateway: [1, 2]"),
        (b"[" * 100_000, f"HTTP 502 Bad Gateway: {'[' * 200}…"),
        (b'{"message": "tired"}', "tired"),
        (b'{"detail": [{"loc": []}], "title": "Bad"}', "Bad"),
    ],
)
def test_an_answer_that_is_no_problem_still_says_what_it_is(body: bytes, message: str) -> None:
    error = error_from_response(502, {"content-type": "text/html"}, body)
    assert type(error) is errors.Unavailable
    assert error.message == message
    assert "API URL" in (error.hint or "")


def test_fields_of_wrong_types_are_left_out() -> None:
    problem = {
        "code": "not_found",
        "detail": {"a": 1},
        "title": "",
        "correlation_id": 7,
        "hint": [],
        "retry_after": "soon",
        "details": [1, {}, {"msg": 3}, {"loc": 1, "msg": "kept", "hint": 2}],
    }
    error = error_from_response(404, {}, json.dumps(problem).encode())
    assert type(error) is errors.NotFound
    assert error.message.startswith("HTTP 404 Not Found")
    assert (error.correlation_id, error.hint, error.retry_after) == (None, None, None)
    assert error.details == (ErrorDetail("", "kept"),)


def test_headers_stand_in_for_the_body_in_any_case() -> None:
    error = error_from_response(503, {"FLOWKIT-Correlation-ID": "c2", "retry-AFTER": "7"}, b"")
    assert (error.correlation_id, error.retry_after) == ("c2", 7.0)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("0", 0, 0), (" 1.5 ", 1.5, 1.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0)],
)
def test_retry_after_is_seconds_or_a_date(header: str, low: float, high: float) -> None:
    error = error_from_response(429, {"Retry-After": header}, b"")
    assert error.retry_after is not None
    assert low <= error.retry_after <= high


def test_retry_after_counts_from_now() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    error = error_from_response(429, {"Retry-After": soon}, b"")
    assert error.retry_after == pytest.approx(300, abs=60)


@pytest.mark.parametrize("header", ["", "soon", "-1", "nan", "1e5", "Wed, 99 Foo", "9" * 5000])
def test_a_retry_after_that_cannot_be_read_is_none(header: str) -> None:
    assert error_from_response(429, {"Retry-After": header}, b"").retry_after is None


@pytest.mark.parametrize("number", ["NaN", "-1", "Infinity", "true", "1" + "0" * 400, "1e400"])
def test_a_retry_after_that_is_no_time_is_none(number: str) -> None:
    body = f'{{"code": "rate_limited", "retry_after": {number}}}'.encode()
    assert error_from_response(429, {}, body).retry_after is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
FIELDS = ["code", "title", "detail", "correlation_id", "hint", "retry_after", "details", "message"]


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["Retry-After", "Content-Type", "X"]), st.text()),
    st.binary() | st.dictionaries(st.sampled_from(FIELDS), JSON).map(json.dumps).map(str.encode),
)
def test_any_answer_becomes_an_error_with_a_message(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    error = error_from_response(status, headers, body)
    assert error.message
    assert str(error)
    assert error.status == status


def test_a_users_own_subclass_takes_over_no_code() -> None:
    program = (
        "from flowkit.errors import NotFound, error_from_response\n"
        "class Mine(NotFound): pass\n"
        'error = error_from_response(404, {}, b\'{"code": "not_found"}\')\n'
        "assert type(error) is NotFound, type(error)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
