"""Waiting is the gateway's business, for as long as the caller likes."""

from __future__ import annotations

from typing import Any

import pytest

from flowkit import (
    InvalidRequest,
    WaitTimeout,
)
from tests.unit.facade.gateway import Gateway
from tests.unit.twins import TASK_ID, Twin, task_document


def test_it_asks_again_until_it_has_happened(twin: Twin, gateway: Gateway) -> None:
    gateway.on(
        "GET /tasks/ID:wait",
        task_document(status="pending"),
        task_document(status="running"),
        task_document(status="completed", exit_code=0),
    )
    assert twin.flow(gateway).wait_for(TASK_ID).exit_code == 0
    assert [query["timeout"] for query in gateway.queries] == [["25.0"]] * 3


@pytest.mark.parametrize("status", ["running", "paused", "preempting", "failed", "cancelled"])
def test_a_task_that_ran_has_been_running(twin: Twin, gateway: Gateway, status: str) -> None:
    gateway.on("GET /tasks/ID:wait", task_document(status=status))
    assert twin.flow(gateway).wait_for(TASK_ID, until="running").status == status


@pytest.mark.parametrize("timeout", [0, 0.0, 0.05, "0.05s"])
def test_the_time_can_be_over(twin: Twin, gateway: Gateway, timeout: Any) -> None:
    gateway.on("GET /tasks/ID:wait", task_document())
    with pytest.raises(WaitTimeout, match="did not end within") as caught:
        twin.flow(gateway).wait_for(TASK_ID, timeout=timeout)
    assert isinstance(caught.value, TimeoutError)
    assert getattr(caught.value.task, "id", None) == TASK_ID


@pytest.mark.parametrize("timeout", [-1, float("nan"), "10", "soon", True, [1]])
def test_a_timeout_is_a_duration(twin: Twin, gateway: Gateway, timeout: Any) -> None:
    with pytest.raises(InvalidRequest):
        twin.flow(gateway).wait_for(TASK_ID, timeout=timeout)


def test_there_are_two_things_to_wait_for(twin: Twin, gateway: Gateway) -> None:
    with pytest.raises(InvalidRequest, match="cannot wait until 'done'"):
        twin.flow(gateway).wait_for(TASK_ID, until="done")


def test_a_handle_is_brought_up_to_date(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /tasks/ID", task_document(status="pending"))
    gateway.on("GET /tasks/ID:wait", task_document(status="completed", exit_code=0))
    flow = twin.flow(gateway)
    task = flow.get_task(TASK_ID)
    assert flow.wait_for(task).status == task.status == "completed"
