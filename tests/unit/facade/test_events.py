"""What happened, newest first, and what happens, in order."""

from __future__ import annotations

from typing import Any

import pytest

from flowkit import (
    InvalidRequest,
)
from tests.unit.facade.gateway import Gateway, event, sse
from tests.unit.twins import TASK_ID, Twin, task_document

PAST = [event(n, f"task.{n}") for n in (4, 3, 2, 1)]


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [({}, [4, 3, 2, 1]), ({"after": 2}, [4, 3]), ({"limit": 1}, [4])],
)
@pytest.mark.parametrize("of_task", [False, True])
def test_the_past_comes_newest_first(
    twin: Twin,
    gateway: Gateway,
    of_task: bool,
    arguments: dict[str, int],
    numbers: list[int],
) -> None:
    gateway.on("GET /tasks/ID/events" if of_task else "GET /events", {"items": PAST})
    found = twin.flow(gateway).events(TASK_ID if of_task else None, **arguments)
    assert [item.number for item in found] == numbers


def test_those_of_a_task_end_with_it(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document(status="running"))
    gateway.on(
        "GET /tasks/ID/events:follow",
        sse("task.running", 3, event(3, "task.running", status="running"))
        + sse("task.completed", 4, event(4, "task.completed", status="completed")),
    )
    found = twin.flow(gateway).events(TASK_ID, follow=True, after=2)
    assert [item.number for item in found] == [3, 4]
    assert gateway.queries[-1] == {"after": ["2"]}


def test_those_of_a_task_that_has_ended_are_all_there(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document(status="failed"))
    gateway.on("GET /tasks/ID/events", {"items": PAST})
    flow = twin.flow(gateway)
    assert [item.number for item in flow.events(TASK_ID, follow=True)] == [1, 2, 3, 4]
    assert [item.number for item in flow.events(TASK_ID, follow=True, after=4)] == []


def test_those_of_the_project_go_on(twin: Twin, gateway: Gateway) -> None:
    bodies = [sse("task.created", n, event(n, "task.created")) for n in (1, 2, 3)]
    gateway.on("GET /events:follow", *bodies)
    found = twin.flow(gateway).events(follow=True)
    assert [next(found).number for _ in range(3)] == [1, 2, 3]
    found.close()
    assert [sent.headers.get("Last-Event-ID") for sent in gateway.seen] == [None, "1", "2"]


@pytest.mark.parametrize(
    "arguments", [{"after": -1}, {"after": "1"}, {"follow": True, "limit": 1}, {"limit": -1}]
)
def test_a_wrong_argument_is_refused(
    twin: Twin, gateway: Gateway, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        list(twin.flow(gateway).events(**arguments))
