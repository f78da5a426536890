"""What becomes of a call under each fault, which is the same in both twins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from itertools import groupby
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from flowkit import Flow, FlowError
from tests.campaigns.network import faults
from tests.campaigns.network.conftest import flow_of
from tests.campaigns.network.fault_proxy import Fault, FaultProxy, script
from tests.gateway.gateway_process import GatewayProcess

Call = Callable[[Any, str], object]


def submit(flow: Any, task_id: str) -> object:
    """Return whether exactly one task of this name was made, and was acknowledged."""
    task = flow.run("true", name="wanted", code=False)
    (only,) = flow.list_tasks(name="wanted", limit=None)
    return str(task.id) == str(only.id)


def get(flow: Any, task_id: str) -> object:
    return flow.get_task(task_id).id == task_id


def cancel(flow: Any, task_id: str) -> object:
    return flow.cancel(task_id)


def delete(flow: Any, task_id: str) -> object:
    return flow.tasks.delete(task_id)


def get_two(flow: Any, task_id: str) -> object:
    """Return what two calls on one connection are answered."""
    other = flow.run("true", code=False)
    return flow.get_task(task_id).id == task_id, flow.get_task(other.id).id == other.id


def wait(flow: Any, task_id: str) -> object:
    return str(flow.wait_for(task_id, timeout=20).status)


def wait_briefly(flow: Any, task_id: str) -> object:
    return str(flow.wait_for(task_id, timeout=0.5).status)


def follow(flow: Any, task_id: str) -> object:
    return list(flow.logs(task_id, follow=True))


def follow_events(flow: Any, task_id: str) -> object:
    # A task that has not ended when the call begins, so that it really is followed.
    task = flow.run("true", code=False)
    return [event.type for event in flow.events(task.id, follow=True)][-1]


class Scenario(NamedTuple):
    """Faults for the first requests of a call, and what becomes of it."""

    call: Call
    faults: list[Fault]
    outcome: object
    """What the call returns, or the name and code of its error."""
    requests: int
    """How many of them the proxy sees."""
    seconds: tuple[float, float] = (0.0, 4.0)
    """How long it takes."""
    flow: Mapping[str, Any] = MappingProxyType({})

    def __repr__(self) -> str:
        names = (fault.__name__ for fault in self.faults)
        times = (f"{len(list(same))}x{name}" for name, same in groupby(names))
        return f"{self.call.__name__}-{'+'.join(times)}"


def _date(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


def _mended(fault: Fault) -> Iterator[Scenario]:
    """A fault that another try mends, whatever the call is."""
    yield Scenario(submit, [fault], True, 3)
    yield Scenario(get, [fault, fault], True, 3)
    if fault in TELLING:
        yield Scenario(cancel, [fault], None, 2)
        yield Scenario(delete, [fault], None, 2)
        yield Scenario(wait, [fault], "completed", 2)


# One of each kind of fault, for the calls that are like others.
TELLING = [faults.reset_before, faults.reset_after, faults.huge_headers]
MENDED = [
    faults.reset_before,
    faults.reset_after,
    faults.closed_after,
    faults.cut_in_the_head,
    faults.huge_headers,
    faults.garbage,
    faults.switched,
    *(faults.status(code) for code in (408, 429, 502, 503, 504)),
    faults.status(503, "retry-after: 0"),
    faults.problem(503, "unavailable"),
]
UNREADABLE = [
    faults.cut_in_the_body,
    faults.truncated,
    faults.truncated_without_length,
    faults.empty,
    faults.html_success,
]
HARMLESS = [faults.twice, faults.twice_with_a_pause, faults.dribbled, faults.informed]
SLOW: Any = {"flow": {"timeout": 0.4}}

SCENARIOS = [
    *(scenario for fault in MENDED for scenario in _mended(fault)),
    *(scenario for fault in UNREADABLE for scenario in _mended(fault)),
    Scenario(cancel, [faults.truncated], None, 2),
    Scenario(wait, [faults.truncated], "completed", 2),
    Scenario(submit, [faults.stalled], True, 3, **SLOW),
    Scenario(get, [faults.stalled], True, 2, **SLOW),
    Scenario(get, [faults.stalled_in_the_body], True, 2, **SLOW),
    Scenario(get, [faults.trickled], True, 2, **SLOW),
    Scenario(get, [faults.stalled] * 3, ("APITimeout", "request_timeout"), 3, **SLOW),
    *(Scenario(get, [fault], True, 1) for fault in HARMLESS),
    *(Scenario(submit, [fault] * 2, True, 2) for fault in (faults.dribbled, faults.informed)),
    # The second answer must not be taken for the next call's.
    Scenario(get_two, [faults.passed, faults.twice], (True, True), 4),
    Scenario(get_two, [faults.twice, faults.twice], (True, True), 4),
    Scenario(get_two, [faults.passed, faults.twice_with_a_pause], (True, True), 4),
    # What is left of the first answer is no second one, which costs another try.
    Scenario(submit, [faults.length_too_short], True, 4),
    Scenario(get_two, [faults.length_too_short], (True, True), 5),
    Scenario(get, [faults.problem(404, "task_not_found")], ("TaskNotFound", "task_not_found"), 1),
    Scenario(get, [faults.status(404)], ("NotFound", "not_found"), 1),
    Scenario(get, [faults.status(500)], ("ServerError", "internal_error"), 1),
    Scenario(
        get,
        [faults.status(302, "location: http://127.0.0.1:9/")],
        ("InvalidResponse", "invalid_response"),
        1,
    ),
    # Only the gateway can say that a task is gone.
    Scenario(delete, [faults.reset_before, faults.status(404)], ("NotFound", "not_found"), 2),
    Scenario(delete, [faults.reset_after], None, 2),
    # What does not end is an error in a bounded time.
    *(
        Scenario(submit, [fault] * 9, (error, code), 3)
        for fault, error, code in [
            (faults.reset_before, "APIConnectionError", "connection_error"),
            (faults.status(503), "Unavailable", "unavailable"),
            (faults.status(429), "RateLimited", "rate_limited"),
            (faults.html_success, "InvalidResponse", "invalid_response"),
        ]
    ),
    Scenario(
        get,
        [faults.status(503)] * 9,
        ("Unavailable", "unavailable"),
        6,
        flow={"max_retries": 5},
        seconds=(1.5, 6),
    ),
    Scenario(
        get,
        [faults.reset_before],
        ("APIConnectionError", "connection_error"),
        1,
        flow={"max_retries": 0},
    ),
    # How long the server asks to wait, in both of the ways to say it (RFC 9110, 10.2.3).
    Scenario(get, [faults.status(503, "retry-after: 1")], True, 2, (1.0, 3.0)),
    Scenario(get, [faults.status(429, f"retry-after: {_date(-5)}")], True, 2, (0.0, 1.0)),
    *(
        Scenario(
            get,
            [faults.status(429, f"retry-after: {wait}")],
            ("RateLimited", "rate_limited"),
            1,
            (0.0, 1.0),
        )
        for wait in ("61", "999999999", _date(3600))
    ),
    # A wait ends in time, whatever the server does.
    *(
        Scenario(wait_briefly, [fault] * 9, outcome, 1, (0.0, 2.5))
        for fault, outcome in [
            (faults.stalled, ("WaitTimeout", "wait_timeout")),
            (faults.stalled_in_the_body, ("WaitTimeout", "wait_timeout")),
            (faults.trickled, ("WaitTimeout", "wait_timeout")),
            (faults.status(503, "retry-after: 30"), ("Unavailable", "unavailable")),
        ]
    ),
    Scenario(follow, [faults.html_success], [], 2),
    Scenario(follow, [faults.html_success] * 3, ("InvalidResponse", "invalid_response"), 3),
    Scenario(follow, [faults.reset_before, faults.status(502)], [], 3),
    Scenario(follow, [faults.reset_before] * 9, ("APIConnectionError", "connection_error"), 3),
    Scenario(
        follow_events, [faults.passed, faults.passed, faults.reset_after], "task.completed", 4
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=repr)
@pytest.mark.usefixtures("bare_home")
def test_both_twins_do_the_same(
    scenario: Scenario, null_gateway: GatewayProcess, project: str, runner: asyncio.Runner
) -> None:
    outcomes = []
    for kind in ("sync", "async"):
        with Flow(null_gateway.url, null_gateway.token, f"{project}-{kind}") as direct:
            task_id = direct.run("true", code=False).wait().id
        with FaultProxy(null_gateway.url, script(scenario.faults, faults.passed)) as proxy:
            arguments = (proxy.url, null_gateway.token, f"{project}-{kind}")
            flow = flow_of(kind, runner, *arguments, **scenario.flow)
            started = time.monotonic()
            outcome = _outcome(scenario.call, flow, task_id)
            taken = time.monotonic() - started
            flow.close()
            outcomes.append((outcome, len(proxy.requests)))
            assert scenario.seconds[0] <= taken <= scenario.seconds[1], taken
    assert outcomes == [(scenario.outcome, scenario.requests)] * 2


def _outcome(call: Call, flow: Any, task_id: str) -> object:
    try:
        return call(flow, task_id)
    except FlowError as error:
        return type(error).__name__, error.code
