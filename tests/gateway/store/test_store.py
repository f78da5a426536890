"""Rows, events and idempotency keys."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest

from flowkit_gateway.problems import IdempotencyConflict, TaskNotFound, TaskNotTerminal
from flowkit_gateway.store.database import StoreError
from flowkit_gateway.store.rows import Created, IdempotencyKey, Placement, TaskRow
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Change, Store
from tests.gateway.store.conftest import OpenDatabase

KEY = IdempotencyKey("key", "create_task", b"hash")
ENDED: dict[str, Change] = {"status": "completed", "reason": "exited", "exit_code": 0}


@pytest.fixture
def store(open_database: OpenDatabase) -> Iterator[Store]:
    """An empty store."""
    opened = Store(open_database())
    yield opened
    opened.close()


def new_row(
    store: Store,
    *,
    project: str = "default",
    status: str = "pending",
    name: str | None = None,
    labels: dict[str, str] | None = None,
) -> TaskRow:
    """Return a row that is not stored yet."""
    return TaskRow(
        id=store.new_task_id(),
        project=project,
        created_by="me",
        status=status,
        settings={"command": ["true"], "env": {"A": "ü"}},
        engine="local",
        created_at=time.time(),
        name=name,
        labels=labels or {},
    )


async def create(store: Store, **fields: object) -> TaskRow:
    """Store one task."""
    row = new_row(store, **fields)  # type: ignore[arg-type]  # checked by new_row itself
    await store.create_tasks([row], None, b"")
    return row


async def end(store: Store, row: TaskRow) -> None:
    """Let a queued task end."""
    ended = await store.transition(
        row.id, allowed=["pending"], event="task.completed", at=1.0, changes=ENDED
    )
    assert ended is not None


def event_numbers(store: Store, project: str = "default") -> list[int]:
    """Return the numbers of all events of a project."""
    return [event.number for event in store.events_after(project, 0, limit=100_000)]


async def test_a_created_task_is_read_as_it_was_stored(store: Store) -> None:
    row = await create(store, name="a", labels={"x": "1"})
    assert store.get_task("default", row.id) == row


async def test_a_project_sees_its_own_tasks_only(store: Store) -> None:
    mine, theirs = await create(store), await create(store, project="other")
    assert store.get_task("other", mine.id) is None
    assert [row.id for row in store.list_tasks("default")] == [mine.id]
    assert [row.id for row in store.list_tasks("other")] == [theirs.id]
    assert event_numbers(store) == event_numbers(store, "other") == [1]
    for refused in (
        store.update_task("other", mine.id, {"name": "x"}),
        store.cancel_task("other", mine.id, 1.0),
        store.delete_task("other", mine.id),
    ):
        with pytest.raises(TaskNotFound):
            await refused
    assert store.get_task("default", mine.id) == mine


async def test_tasks_survive_the_store(open_database: OpenDatabase) -> None:
    store = Store(open_database())
    row = await create(store)
    store.close()
    store = Store(open_database())
    assert store.get_task("default", row.id) == row
    assert store.new_task_id() > row.id
    store.close()


async def test_ids_follow_those_of_the_store_when_the_clock_steps_back(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(open_database())
    row = await create(store)
    store.close()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    store = Store(open_database())
    later = await create(store)
    assert [each.id for each in store.list_tasks("default")] == [later.id, row.id]
    store.close()


# Pages ---------------------------------------------------------------------------------------


async def test_a_batch_is_listed_newest_first_and_numbered_in_order(store: Store) -> None:
    rows = [new_row(store, name=f"t{number}") for number in range(50)]
    await store.create_tasks(rows, None, b"")
    assert [row.name for row in store.list_tasks("default")] == [
        f"t{number}" for number in reversed(range(50))
    ]
    events = store.events_after("default", 0)
    assert [event.task_id for event in events] == [row.id for row in rows]
    assert [event.number for event in events] == list(range(1, 51))


async def test_every_combination_of_filters_finds_what_a_plain_search_finds(store: Store) -> None:
    chance = random.Random(7)
    statuses = ["pending", "running", "completed", "failed"]
    rows = [
        new_row(
            store,
            status=chance.choices(statuses, [1, 2, 60, 10])[0],
            name=chance.choice([None, "a", "b"]),
            labels=chance.choice([{}, {"k": "1"}, {"k": "2", "x": "y=z"}, {"k": "1", "m": ""}]),
        )
        for _ in range(600)
    ]
    await store.create_tasks(rows, None, b"")
    await create(store, project="other", name="a", labels={"k": "1"})
    combinations = product(
        ([], ["running"], ["completed", "failed", "completed"], ["running", "pending"], ["paused"]),
        (None, "a", "none"),
        ([], ["k=1"], ["k"], ["k", "x=y=z"], ["m="], ["k=1", "k=2"], ["absent"]),
        (None, rows[300].id),
    )
    for wanted_statuses, name, labels, before in combinations:
        found = store.list_tasks(
            "default", statuses=wanted_statuses, name=name, labels=labels, before=before, limit=20
        )
        expected = [
            row.id
            for row in reversed(rows)
            if (not wanted_statuses or row.status in wanted_statuses)
            and name in (None, row.name)
            and all(_bears(row, label) for label in labels)
            and (before is None or row.id < before)
        ]
        assert [row.id for row in found] == expected[:20]


def _bears(row: TaskRow, label: str) -> bool:
    key, equals, value = label.partition("=")
    labels = row.labels or {}
    return key in labels and (not equals or labels[key] == value)


async def test_pages_put_together_are_the_whole_list(store: Store) -> None:
    rows = [new_row(store, labels={"odd": str(number % 2)}) for number in range(95)]
    await store.create_tasks(rows, None, b"")
    seen: list[str] = []
    before = None
    while page := store.list_tasks("default", labels=["odd=1"], before=before, limit=10):
        seen += [row.id for row in page]
        before = seen[-1]
    assert seen == [row.id for row in reversed(rows) if row.labels == {"odd": "1"}]


async def test_every_search_goes_through_an_index(tmp_path: Path) -> None:
    """Reads run on the event loop, so that none may look at every task."""
    store = Store(SQLiteDatabase(tmp_path / "flowkit.db"))
    plans = []

    def explain(query: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        plans.extend(store._database.read(f"EXPLAIN QUERY PLAN {query}", values))
        return store._database.read(query, values)

    from flowkit_gateway.store.task_pages import page_query

    for statuses, name, labels in product(
        ([], ["running"], ["running", "failed"]), (None, "a"), ([], ["k=1"], ["k"], ["k", "x=1"])
    ):
        explain(
            *page_query(
                explain,
                "default",
                statuses=statuses,
                name=name,
                labels=labels,
                before="task_5",
                limit=10,
            )
        )
    steps = [str(row[3]) for row in plans]
    assert steps
    tables = [step for step in steps if " tasks" in step or " label" in step]
    assert all(step.startswith("SEARCH") for step in tables), tables
    store.close()


# Idempotency ---------------------------------------------------------------------------------


async def test_a_repeated_create_is_answered_as_the_first(store: Store) -> None:
    assert await store.create_tasks([new_row(store)], KEY, b"first") == (b"first", False)
    assert await store.create_tasks([new_row(store)], KEY, b"second") == (b"first", True)
    assert store.answers.find("default", KEY) == (b"first", True)
    assert len(store.list_tasks("default")) == 1


async def test_a_key_used_twice_at_once_creates_once(store: Store) -> None:
    answers = [str(number).encode() for number in range(20)]
    results: list[Created] = await asyncio.gather(
        *(store.create_tasks([new_row(store)], KEY, answer) for answer in answers)
    )
    assert [result.replayed for result in results].count(False) == 1
    assert len({result.answer for result in results}) == 1
    assert len(store.list_tasks("default")) == 1
    assert event_numbers(store) == [1]


@pytest.mark.parametrize(
    "other", [KEY._replace(body_hash=b"other"), KEY._replace(operation="create_tasks")]
)
async def test_a_key_of_another_request_is_a_conflict(store: Store, other: IdempotencyKey) -> None:
    await store.create_tasks([new_row(store)], KEY, b"first")
    with pytest.raises(IdempotencyConflict):
        store.answers.find("default", other)
    with pytest.raises(IdempotencyConflict):
        await store.create_tasks([new_row(store)], other, b"second")
    assert len(store.list_tasks("default")) == 1


async def test_two_requests_with_one_key_at_once_are_a_conflict_for_one(store: Store) -> None:
    results = await asyncio.gather(
        store.create_tasks([new_row(store)], KEY, b""),
        store.create_tasks([new_row(store)], KEY._replace(body_hash=b"other"), b""),
        return_exceptions=True,
    )
    assert isinstance(results[0], Created)
    assert isinstance(results[1], IdempotencyConflict)
    assert len(store.list_tasks("default")) == 1


async def test_projects_do_not_share_keys(store: Store) -> None:
    await store.create_tasks([new_row(store)], KEY, b"mine")
    created = await store.create_tasks([new_row(store, project="other")], KEY, b"theirs")
    assert created == (b"theirs", False)


async def test_a_create_is_repeated_after_its_task_was_changed_and_deleted(store: Store) -> None:
    row = new_row(store)
    await store.create_tasks([row], KEY, b"first")
    await store.update_task("default", row.id, {"name": "new"})
    assert await store.create_tasks([new_row(store)], KEY, b"x") == (b"first", True)
    await end(store, row)
    await store.delete_task("default", row.id)
    assert await store.create_tasks([new_row(store)], KEY, b"x") == (b"first", True)
    assert store.list_tasks("default") == []


async def test_a_failed_create_leaves_its_key_unused(store: Store) -> None:
    row = await create(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.create_tasks([row], KEY, b"x")
    assert store.answers.find("default", KEY) is None
    assert event_numbers(store) == [1]


async def test_old_keys_are_forgotten(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = Store(open_database())
    await earlier.create_tasks([new_row(earlier)], KEY, b"first")
    earlier.close()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 8 * 86400)
    later = Store(open_database())
    await later.create_tasks([new_row(later)], KEY._replace(key="other"), b"x")
    assert later.answers.find("default", KEY) is None
    later.close()


async def test_a_clock_that_jumps_makes_no_key_old(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.create_tasks([new_row(store)], KEY, b"first")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 8 * 86400)
    await store.create_tasks([new_row(store)], KEY._replace(key="other"), b"x")
    assert store.answers.find("default", KEY) == Created(b"first", replayed=True)


# Changes -------------------------------------------------------------------------------------


async def test_a_transition_counts_from_an_allowed_state_only(store: Store) -> None:
    row = await create(store)
    assert (
        await store.transition(row.id, allowed=["running"], event="task.completed", at=1.0) is None
    )
    assert store.get_task("default", row.id) == row
    assert event_numbers(store) == [1]


async def test_of_two_transitions_from_one_state_one_counts(store: Store) -> None:
    row = await create(store)
    results = await asyncio.gather(
        *(
            store.transition(
                row.id,
                allowed=["pending"],
                event="task.starting",
                at=1.0,
                changes={"status": "starting"},
                next_attempt=True,
            )
            for _ in range(5)
        )
    )
    assert [result.attempt for result in results if result is not None] == [1]
    assert event_numbers(store) == [1, 2]


async def test_news_of_an_older_attempt_is_ignored(store: Store) -> None:
    row = await create(store)
    for _ in range(2):
        await store.transition(
            row.id, allowed=["pending"], event="task.starting", at=1.0, next_attempt=True
        )
    late = await store.transition(
        row.id, allowed=["pending"], event="task.completed", at=1.0, attempt=1, changes=ENDED
    )
    assert late is None
    news = await store.transition(
        row.id, allowed=["pending"], event="task.completed", at=1.0, attempt=2, changes=ENDED
    )
    assert news is not None
    assert news.terminal


async def test_a_placement_is_stored(store: Store) -> None:
    row = await create(store)
    placement = Placement(1.5, 10, ("GPU-a", "GPU-b"), (0, 1), 1.0)
    await store.transition(
        row.id, allowed=["pending"], event="x", at=1.0, changes={"placement": placement}
    )
    stored = store.get_task("default", row.id)
    assert stored is not None
    assert stored.placement == placement
    assert stored.gpu_indices == (0, 1)


async def test_concurrent_updates_of_different_fields_all_count(store: Store) -> None:
    row = await create(store, name="old", labels={"a": "1"})
    await asyncio.gather(
        store.update_task("default", row.id, {"name": "new"}),
        store.update_task("default", row.id, {"labels": {"b": "2"}}),
        store.update_task("default", row.id, {"priority": 5}),
    )
    stored = store.get_task("default", row.id)
    assert stored is not None
    assert (stored.name, stored.labels, stored.priority) == ("new", {"b": "2"}, 5)
    assert stored.version == 4


async def test_an_update_moves_a_task_between_filters(store: Store) -> None:
    row = await create(store, name="old", labels={"a": "1", "b": "2"})
    await store.update_task("default", row.id, {"name": None, "labels": {"b": "3"}})
    assert store.list_tasks("default", name="old") == []
    for gone in ("a", "a=1", "b=2"):
        assert store.list_tasks("default", labels=[gone]) == []
    assert len(store.list_tasks("default", labels=["b=3"])) == 1


async def test_cancel_ends_a_queued_task(store: Store) -> None:
    row = await create(store)
    cancelled = await store.cancel_task("default", row.id, 5.0)
    assert (cancelled.status, cancelled.reason, cancelled.finished_at) == (
        "cancelled",
        "cancelled",
        5.0,
    )
    assert [event.type for event in store.list_events("default")] == [
        "task.cancelled",
        "task.created",
    ]


@pytest.mark.parametrize("status", ["starting", "running"])
async def test_cancel_notes_the_first_wish_on_a_task_under_way(store: Store, status: str) -> None:
    row = await create(store, status=status)
    await store.cancel_task("default", row.id, 5.0)
    again = await store.cancel_task("default", row.id, 6.0)
    assert (again.status, again.cancel_requested_at) == (status, 5.0)
    assert [event.type for event in store.list_events("default")] == [
        "task.cancel_requested",
        "task.created",
    ]


async def test_cancel_leaves_a_finished_task_as_it_is(store: Store) -> None:
    row = await create(store, status="failed")
    assert await store.cancel_task("default", row.id, 5.0) == row
    assert event_numbers(store) == [1]


async def test_only_a_finished_task_can_be_deleted(store: Store) -> None:
    row = await create(store, labels={"a": "1"})
    with pytest.raises(TaskNotTerminal):
        await store.delete_task("default", row.id)
    await end(store, row)
    await store.delete_task("default", row.id)
    assert store.get_task("default", row.id) is None
    assert store.list_tasks("default", labels=["a"]) == []
    with pytest.raises(TaskNotFound):
        await store.delete_task("default", row.id)
    assert [event.type for event in store.list_events("default", task_id=row.id)] == [
        "task.deleted",
        "task.completed",
        "task.created",
    ]


async def test_unfinished_tasks_of_all_projects_are_found_oldest_first(store: Store) -> None:
    rows = [
        await create(store, status=status, project=project)
        for status in ("pending", "completed", "running", "cancelled", "starting", "failed")
        for project in ("default", "other")
    ]
    assert [row.id for row in store.unfinished_tasks()] == [
        row.id for row in rows if not row.terminal
    ]


# Events --------------------------------------------------------------------------------------


async def test_events_are_numbered_without_gap_or_repetition(store: Store) -> None:
    async def life(project: str) -> None:
        rows = [new_row(store, project=project) for _ in range(3)]
        await store.create_tasks(rows, None, b"")
        await asyncio.gather(*(end(store, row) for row in rows))
        await store.update_task(project, rows[0].id, {"priority": 1})
        await store.delete_task(project, rows[1].id)

    await asyncio.gather(*(life(project) for project in ("a", "b") for _ in range(20)))
    for project in ("a", "b"):
        assert event_numbers(store, project) == list(range(1, 20 * 8 + 1))
        assert store.last_event_number(project) == 160


async def test_pages_of_events_run_both_ways(store: Store) -> None:
    rows = [new_row(store) for _ in range(30)]
    await store.create_tasks(rows, None, b"")
    newest = store.list_events("default", limit=10)
    assert [event.number for event in newest] == list(range(30, 20, -1))
    older = store.list_events("default", before=newest[-1].number, limit=10)
    assert [event.number for event in older] == list(range(20, 10, -1))
    assert [event.number for event in store.events_after("default", 25)] == list(range(26, 31))
    assert [event.number for event in store.events_after("default", 0, task_id=rows[4].id)] == [5]
    assert store.events_after("default", 30) == []
    assert store.last_event_number("nobody") == 0


async def test_numbers_continue_after_a_restart(open_database: OpenDatabase) -> None:
    for _ in range(3):
        store = Store(open_database())
        await create(store)
        store.close()
    store = Store(open_database())
    assert event_numbers(store) == [1, 2, 3]
    store.close()


def test_a_store_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "flowkit.db"
    Store(SQLiteDatabase(path)).close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError, match=r"flowkit\.db .*malformed"):
        Store(SQLiteDatabase(path))
