"""Which snapshots nobody needs any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from flowkit_gateway.store.snapshots import SnapshotRow, SnapshotTable
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.sweep_rows import SweepPlan, SweepRow
from flowkit_gateway.store.sweeps import SweepStore
from tests.gateway.store.conftest import OpenDatabase

PROJECT = "default"


@pytest.fixture
def store(open_database: OpenDatabase) -> Iterator[Store]:
    """An empty store."""
    opened = Store(open_database())
    yield opened
    opened.close()


def snapshot(letter: str) -> SnapshotRow:
    return SnapshotRow(PROJECT, f"snap_{letter * 26}", 1, 1, True, time.time(), used_at=1.0)


def test_a_sweep_keeps_the_snapshot_of_cases_that_are_not_tasks_yet(store: Store) -> None:
    async def run() -> None:
        snapshots, sweeps = SnapshotTable(store.database), SweepStore(store)
        needed, other = snapshot("a"), snapshot("b")
        for row in (needed, other):
            await snapshots.add(row)
        sweep = SweepRow(
            store.new_id("sweep"),
            PROJECT,
            "me",
            None,
            "running",
            "product",
            1,
            "continue",
            time.time(),
            pending=2,
        )
        plan = SweepPlan({"command": ["a"], "snapshot_id": needed.id}, {"A": ["1", "2"]})
        await sweeps.create(sweep, plan, None, b"{}")

        assert [row.id for row in snapshots.unused_since(2.0)] == [other.id]
        assert not await snapshots.remove(PROJECT, needed.id, 1.0)

        assert (await sweeps.cancel(PROJECT, sweep.id)).terminal
        assert [row.id for row in snapshots.unused_since(2.0)] == [needed.id, other.id]
        assert await snapshots.remove(PROJECT, needed.id, 1.0)

    asyncio.run(run())
