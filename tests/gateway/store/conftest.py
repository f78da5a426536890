"""The databases that the store is tested on, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from flowkit_gateway.store.database import Database
from flowkit_gateway.store.migrations import Migration
from flowkit_gateway.store.postgres_database import PostgresDatabase
from flowkit_gateway.store.sqlite_database import SQLiteDatabase

OpenDatabase = Callable[..., Database]


@pytest.fixture(params=["sqlite", "postgres"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> OpenDatabase:
    """Open the test's own database, empty at first, with the store's migrations or given ones."""
    if request.param == "sqlite":
        return lambda steps=None: SQLiteDatabase(tmp_path / "flowkit.db", steps)
    url: str = request.getfixturevalue("postgres_url")

    def open_(steps: Sequence[Migration] | None = None) -> Database:
        return PostgresDatabase(url, tmp_path, steps)

    return open_
