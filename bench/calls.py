"""What the SDK adds to a call, beside bare httpx against the same gateway."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from bench.private_gateway import running_gateway
from bench.samples import rounds
from bench.table import Row, Section, Target
from flowkit import Flow, TaskConfig

PAGE = 100
CALLS = 200
PAGES = 20


def measure(count: int) -> list[Section]:
    """Measure one call and one page; `count` times three rounds each."""
    gateway = running_gateway()
    headers = {"Authorization": f"Bearer {gateway.token}"}
    with Flow() as flow, httpx.Client(base_url=gateway.url, headers=headers) as bare:
        tasks = flow.submit_many([_config(number) for number in range(PAGE)])
        for task in tasks:
            flow.wait_for(task)
        path = f"/v1/tasks/{tasks[0].id}"

        def page() -> None:
            answer = bare.get("/v1/tasks", params={"page_size": PAGE})
            if len(json.loads(answer.content)["items"]) != PAGE:
                raise RuntimeError("the page is not full")

        measured = rounds(
            {
                "get_task": _repeat(CALLS, lambda: flow.get_task(tasks[0].id)),
                "httpx": _repeat(CALLS, lambda: bare.get(path).raise_for_status()),
                "list_tasks": _repeat(PAGES, lambda: flow.list_tasks(limit=PAGE)),
                "page": _repeat(PAGES, page),
            },
            3 * count,
        )
    call = {name: measured[name].scaled(1000 / CALLS) for name in ("get_task", "httpx")}
    pages = {name: measured[name].scaled(1000 / PAGES) for name in ("list_tasks", "page")}
    return [
        Section(
            "Calls",
            [
                Row("httpx GET of one task (floor)", "ms", call["httpx"]),
                Row(
                    "flow.get_task",
                    "ms",
                    call["get_task"],
                    ratio=call["get_task"].ratios(call["httpx"]),
                    over="httpx GET",
                    target=Target(1.15, of_ratio=True),
                ),
                Row(f"httpx GET + json.loads of {PAGE} tasks (floor)", "ms", pages["page"]),
                Row(
                    f"flow.list_tasks(limit={PAGE})",
                    "ms",
                    pages["list_tasks"],
                    ratio=pages["list_tasks"].ratios(pages["page"]),
                    over="httpx + json.loads",
                    target=Target(1.0, of_ratio=True),
                ),
            ],
        )
    ]


def _config(number: int) -> TaskConfig:
    """A task with as many fields as a usual one has."""
    return TaskConfig(
        name=f"page-{number}",
        command=["true"],
        gpu="a100:1",
        env={"SEED": str(number), "OMP_NUM_THREADS": "1"},
        labels={"sweep": "bench", "number": str(number)},
        max_run_time="10m",
    )


def _repeat(count: int, action: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(count):
            action()

    return run
