"""Lists come in pages, and nobody needs to know."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from flowkit import (
    InvalidRequest,
    InvalidResponse,
    TaskStatus,
)
from tests.unit.facade.gateway import Answer, Gateway
from tests.unit.twins import Twin, task_document


def pages(count: int) -> Answer:
    def answer(sent: httpx.Request) -> httpx.Response:
        start = int(sent.url.params.get("page_token", "0"))
        end = min(count, start + min(1000, int(sent.url.params["page_size"])))
        page: dict[str, object] = {"items": [task_document()] * (end - start)}
        return httpx.Response(
            200, json=page | ({"next_page_token": str(end)} if end < count else {})
        )

    return answer


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [(None, ["1000"] * 3), (10, ["10"]), (1, ["1"]), (2000, ["1000"] * 2), (0, [])],
)
def test_pages_are_fetched_as_far_as_needed(
    twin: Twin, gateway: Gateway, limit: int | None, sizes: list[str]
) -> None:
    flow = twin.flow(gateway.on("GET /tasks", pages(2500)))
    assert len(flow.list_tasks(limit=limit)) == (2500 if limit is None else limit)
    assert [query["page_size"] for query in gateway.queries] == [[size] for size in sizes]


def test_the_iterator_fetches_when_it_gets_there(twin: Twin, gateway: Gateway) -> None:
    found = twin.flow(gateway.on("GET /tasks", pages(2500))).tasks.list()
    for _ in range(1000):
        next(found)
    assert len(gateway.seen) == 1
    next(found)
    assert len(gateway.seen) == 2
    found.close()


def test_filters(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("GET /tasks", {"items": []}))
    flow.list_tasks(TaskStatus.RUNNING, 5, name="train", labels={"a": "b", "c": None})
    flow.list_tasks(status=["pending", TaskStatus.FAILED], labels=["a=b"], force_refresh=True)
    assert gateway.queries == [
        {"page_size": ["5"], "status": ["running"], "name": ["train"], "label": ["a=b", "c"]},
        {"page_size": ["10"], "status": ["pending", "failed"], "label": ["a=b"]},
    ]


@pytest.mark.parametrize("limit", [-1, 1.5, "10", True])
def test_a_limit_is_a_number(twin: Twin, gateway: Gateway, limit: Any) -> None:
    with pytest.raises(InvalidRequest, match="invalid limit"):
        twin.flow(gateway).list_tasks(limit=limit)


def test_a_list_without_an_end_is_an_error(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("GET /tasks", {"items": [], "next_page_token": "1"}))
    with pytest.raises(InvalidResponse, match="does not end"):
        flow.list_tasks()
