"""One call: what is sent, what is tried again, and which error it becomes."""

from __future__ import annotations

import ssl

import httpx
import pytest
from flowkit_api.api.tasks import get_task

from flowkit.errors import (
    APIConnectionError,
    APITimeout,
    FlowError,
    IdempotencyConflict,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    RateLimited,
    TaskNotFound,
    Unauthenticated,
    Unavailable,
)
from flowkit.transport.endpoint import Endpoint
from tests.unit.twins import TASK_ID, URL, Twin, no_delays, problem, request, task_document

OK = httpx.Response(200, json={})


class Script:
    """A gateway that answers, or fails, by a list; it keeps what it was sent."""

    def __init__(self, *steps: httpx.Response | Exception) -> None:
        self.steps = list(steps)
        self.seen: list[httpx.Request] = []

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        self.seen.append(sent)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def test_a_call_carries_who_calls_and_what_is_wanted(twin: Twin) -> None:
    script = Script(OK)
    reply = twin.transport(script).send(request(params=(("until", "running"), ("a", "b c"))))
    (sent,) = script.seen
    assert (reply.status, reply.content) == (200, b"{}")
    assert str(sent.url) == f"{URL}/v1/tasks/{TASK_ID}?until=running&a=b%20c"
    assert sent.headers["Authorization"] == "Bearer secret-key"
    assert sent.headers["Flowkit-Project"] == "vision"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["Host"] == "gateway.test"
    assert sent.headers["User-Agent"].startswith("flowkit/")
    assert len(sent.headers["Flowkit-Correlation-Id"]) == 20


def test_the_callers_own_headers_go_before(twin: Twin) -> None:
    script = Script(OK)
    twin.transport(script).send(request(headers={"Flowkit-Correlation-Id": "mine"}))
    assert script.seen[0].headers["Flowkit-Correlation-Id"] == "mine"


def test_a_body_is_sent_as_it_is(twin: Twin) -> None:
    script = Script(OK)
    body = b'{"command":["true"]}'
    twin.transport(script).send(
        request("create_task", "POST", body=body, content_type="application/json")
    )
    assert script.seen[0].content == body
    assert script.seen[0].headers["Content-Length"] == str(len(body))
    assert script.seen[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("disconnected"),
        *(httpx.Response(status, text="no") for status in (408, 429, 502, 503, 504)),
    ],
    ids=repr,
)
def test_a_fault_on_the_way_is_tried_again(twin: Twin, fault: httpx.Response | Exception) -> None:
    script = Script(fault, fault, OK)
    assert twin.transport(script).send(request()).status == 200
    ids = {sent.headers["Flowkit-Correlation-Id"] for sent in script.seen}
    assert len(script.seen) == 3
    assert len(ids) == 1


def test_the_tries_end(twin: Twin) -> None:
    script = Script(*[httpx.ConnectError("refused")] * 3, OK)
    with pytest.raises(APIConnectionError, match=r"cannot reach the gateway at http://gateway\.t"):
        twin.transport(script).send(request())
    assert len(script.seen) == 3


def test_no_retries_means_one_try(twin: Twin) -> None:
    script = Script(httpx.ReadError("reset"), OK)
    with pytest.raises(APIConnectionError):
        twin.transport(script, policy=no_delays(0)).send(request())
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 501, 507])
def test_an_answer_that_stays_the_same_is_not_asked_for_again(twin: Twin, status: int) -> None:
    script = Script(problem(status, "some_code"), OK)
    with pytest.raises(FlowError):
        twin.transport(script).send(request())
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("headers", "delay"), [({"Retry-After": "7"}, 7.0), ({"Retry-After": "60"}, 60.0)]
)
def test_retry_after_is_obeyed(twin: Twin, headers: dict[str, str], delay: float) -> None:
    policy = no_delays()
    script = Script(httpx.Response(429, headers=headers), OK)
    twin.transport(script, policy=policy).send(request())
    assert policy.delays == [delay]


def test_too_long_a_retry_after_is_an_error_at_once(twin: Twin) -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "61"}), OK)
    with pytest.raises(RateLimited) as caught:
        twin.transport(script).send(request())
    assert caught.value.retry_after == 61
    assert len(script.seen) == 1


@pytest.mark.parametrize("operation", ["create_task", "create_tasks"])
def test_a_creation_is_repeated_under_one_key(twin: Twin, operation: str) -> None:
    script = Script(httpx.ReadError("reset"), httpx.Response(502, text="<html>"), OK)
    twin.transport(script).send(request(operation, "POST", body=b"{}"))
    keys = {sent.headers["Idempotency-Key"] for sent in script.seen}
    assert len(script.seen) == 3
    assert len(keys) == 1
    assert len(keys.pop()) == 32


def test_two_creations_have_two_keys(twin: Twin) -> None:
    script = Script(OK, OK)
    transport = twin.transport(script)
    for _ in range(2):
        transport.send(request("create_task", "POST", body=b"{}"))
    first, second = (sent.headers["Idempotency-Key"] for sent in script.seen)
    assert first != second


def test_the_callers_own_key_is_kept(twin: Twin) -> None:
    script = Script(OK)
    twin.transport(script).send(request("create_task", "POST", headers={"Idempotency-Key": "mine"}))
    assert script.seen[0].headers.get_list("Idempotency-Key") == ["mine"]


@pytest.mark.parametrize("key", ["", "a b", "é", "a\nb", "x" * 256])
def test_a_bad_key_is_refused_before_anything_is_sent(twin: Twin, key: str) -> None:
    script = Script()
    with pytest.raises(InvalidRequest, match="idempotency key"):
        twin.transport(script).send(
            request("create_task", "POST", headers={"Idempotency-Key": key})
        )


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        ("cancel_task", "POST"),
        ("plan_task", "POST"),
        ("normalize_instance_type", "POST"),
        ("update_task", "PATCH"),
        ("delete_task", "DELETE"),
    ],
)
def test_what_is_safe_to_repeat_is_repeated(twin: Twin, operation: str, method: str) -> None:
    script = Script(httpx.ReadError("reset"), OK)
    assert twin.transport(script).send(request(operation, method)).status == 200


@pytest.mark.parametrize("fault", [httpx.ReadError("reset"), httpx.Response(503)], ids=repr)
def test_an_unknown_post_is_not_repeated(twin: Twin, fault: httpx.Response | Exception) -> None:
    script = Script(fault, OK)
    with pytest.raises(FlowError):
        twin.transport(script).send(request("POST /v1/other", "POST"))
    assert len(script.seen) == 1


def test_an_unknown_post_that_was_never_sent_is_repeated(twin: Twin) -> None:
    script = Script(httpx.ConnectError("refused"), OK)
    assert twin.transport(script).send(request("POST /v1/other", "POST")).status == 200


def test_a_deletion_that_lost_its_answer_is_done(twin: Twin) -> None:
    script = Script(httpx.ReadError("reset"), problem(404, "task_not_found"))
    twin.transport(script).send(request("delete_task", "DELETE"))


def test_that_something_else_does_not_know_the_task_is_no_deletion(twin: Twin) -> None:
    script = Script(httpx.ReadError("reset"), httpx.Response(404, text="<html>no such page"))
    with pytest.raises(NotFound, match="no such page"):
        twin.transport(script).send(request("delete_task", "DELETE"))


def test_a_deletion_of_nothing_is_an_error(twin: Twin) -> None:
    script = Script(httpx.ConnectError("refused"), problem(404, "task_not_found"))
    with pytest.raises(TaskNotFound):
        twin.transport(script).send(request("delete_task", "DELETE"))


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (problem(404, "task_not_found", "there is no task x"), TaskNotFound, "no task x"),
        (problem(409, "idempotency_conflict"), IdempotencyConflict, "no"),
        (problem(401, "unauthenticated", "no key"), Unauthenticated, "no key"),
        (
            httpx.Response(502, html="<html><title>502 Bad Gateway</title></html>"),
            Unavailable,
            "502 Bad Gateway",
        ),
        (httpx.Response(404, text="nginx"), FlowError, "nginx"),
        (httpx.Response(500, content=b"\xff\xfe\x00"), FlowError, "500"),
        (httpx.Response(422, content=b'{"code": 7, "detail": ["x"]}'), FlowError, "422"),
        (httpx.Response(302, headers={"Location": "/login"}), InvalidResponse, "302"),
        (httpx.Response(499), FlowError, "499"),
        (httpx.Response(599), FlowError, "599"),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
def test_every_answer_that_is_no_success_is_a_typed_error(
    twin: Twin, answer: httpx.Response, error: type[FlowError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        twin.transport(Script(*[answer] * 3)).send(request())
    assert caught.value.status == answer.status_code


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.ConnectTimeout(""), APITimeout),
        (httpx.ReadTimeout(""), APITimeout),
        (httpx.PoolTimeout(""), APITimeout),
        (httpx.ProxyError("407"), APIConnectionError),
        (httpx.LocalProtocolError("header"), APIConnectionError),
        (httpx.UnsupportedProtocol("ftp"), APIConnectionError),
        (httpx.DecodingError("gzip"), InvalidResponse),
        (httpx.InvalidURL("url"), APIConnectionError),
        (httpx.StreamClosed(), APIConnectionError),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
def test_nothing_of_httpx_leaves(twin: Twin, fault: Exception, error: type[FlowError]) -> None:
    with pytest.raises(error) as caught:
        twin.transport(Script(*[fault] * 3)).send(request())
    assert isinstance(caught.value.__cause__, type(fault))


def test_the_systems_own_word_is_the_reason(twin: Twin) -> None:
    fault = httpx.ConnectError("All connection attempts failed")
    fault.__cause__ = ConnectionRefusedError(111, "anything")
    with pytest.raises(APIConnectionError, match="Connection refused"):
        twin.transport(Script(*[fault] * 3)).send(request())


def test_what_is_wrong_with_a_certificate_is_the_reason(twin: Twin) -> None:
    fault = httpx.ConnectError("")
    fault.__cause__ = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    with pytest.raises(APIConnectionError, match="wrong version number"):
        twin.transport(Script(*[fault] * 3)).send(request())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": 7}', b'{"id": "x"', b"\xff"])
def test_a_success_that_does_not_parse_is_an_error(twin: Twin, body: bytes) -> None:
    script = Script(*[httpx.Response(200, content=body)] * 3)
    with pytest.raises(InvalidResponse, match="get_task"):
        twin.transport(script).call(get_task.request(task_id=TASK_ID), get_task.parse)
    assert not script.steps


def test_a_success_that_was_damaged_on_its_way_is_asked_for_again(twin: Twin) -> None:
    whole = httpx.Response(200, json=task_document())
    script = Script(httpx.Response(200, content=whole.content[:99]), whole)
    task = twin.transport(script).call(get_task.request(task_id=TASK_ID), get_task.parse)
    assert task.id == TASK_ID


def test_a_success_is_read(twin: Twin) -> None:
    script = Script(httpx.Response(200, json=task_document(status="rebooting", new_field=1)))
    task = twin.transport(script).call(get_task.request(task_id=TASK_ID), get_task.parse)
    assert (task.id, task.status) == (TASK_ID, "rebooting")


def test_after_close_a_call_says_so(twin: Twin) -> None:
    script = Script(OK)
    transport = twin.transport(script)
    transport.send(request())
    transport.close()
    transport.close()
    with pytest.raises(FlowError, match="closed"):
        transport.send(request())


@pytest.mark.parametrize(
    ("operation", "params", "seconds"),
    [
        ("get_task", (), 5.0),
        ("wait_task", (("timeout", "30"),), 40.0),
        ("wait_task", (("timeout", "0.5"),), 10.5),
        ("wait_task", (), 40.0),
    ],
)
def test_a_held_answer_is_waited_for(
    twin: Twin, operation: str, params: tuple[tuple[str, str], ...], seconds: float
) -> None:
    script = Script(OK)
    twin.transport(script, timeout=5.0).send(request(operation, params=params))
    timeouts = script.seen[0].extensions["timeout"]
    assert (timeouts["connect"], timeouts["read"]) == (5.0, seconds)


class Moving:
    """A gateway that is found somewhere else after each failure."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self.endpoints = list(endpoints)
        self.failed: list[Endpoint] = []

    def locate(self) -> Endpoint:
        return self.endpoints.pop(0)

    def relocate(self, failed: Endpoint) -> Endpoint | None:
        self.failed.append(failed)
        return self.endpoints.pop(0) if self.endpoints else None


OLD = Endpoint("http://127.0.0.1:1", "old")
NEW = Endpoint("http://127.0.0.1:2", "new")


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("refused"), problem(401, "unauthenticated")], ids=repr
)
def test_a_gateway_that_has_moved_is_followed(
    twin: Twin, fault: httpx.Response | Exception
) -> None:
    gateway = Moving(OLD, NEW)
    script = Script(fault, OK)
    transport = twin.transport(script, gateway=gateway, policy=no_delays(0))
    transport.send(request("create_task", "POST"))
    first, second = script.seen
    assert gateway.failed == [OLD]
    assert (second.url.port, second.headers["Authorization"]) == (2, "Bearer new")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_a_gateway_that_is_nowhere_else_is_an_error(twin: Twin) -> None:
    script = Script(problem(401, "unauthenticated", "no such key"))
    with pytest.raises(Unauthenticated, match="no such key"):
        twin.transport(script, gateway=Moving(OLD)).send(request())


def test_a_gateway_that_keeps_moving_is_not_followed_forever(twin: Twin) -> None:
    script = Script(*[httpx.ConnectError("refused")] * 20)
    with pytest.raises(APIConnectionError):
        twin.transport(script, gateway=Moving(*[OLD, NEW] * 10)).send(request())
    assert len(script.seen) < 10
