"""The schema of an SQLite file: its number, and how it is brought up to date."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from flowkit_gateway.store.migrations import Migration


def why_unusable(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]
) -> str | None:
    """Return why a database cannot be used by this release, None when it can; nothing is changed.

    Args:
        connection: the open database.
        path: its file.
        migrations: every step, oldest first.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    newest = migrations[-1].number
    if current > newest:
        return (
            f"{path} has schema {current}, but this release knows schemas up to {newest}; "
            "upgrade flowkit, or name another data directory"
        )
    if current == 0 and tables:
        return f"{path} is a database of another program; name another data directory"
    tasks = path.parent / "tasks"
    if current == 0 and tasks.is_dir() and any(tasks.iterdir()):
        return (
            f"{path} is empty, but {tasks} holds tasks; restore the database from a backup, or "
            "move the directory away to start anew"
        )
    return None


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Bring a schema up to date; a database that holds anything is backed up first.

    Args:
        connection: the open database.
        path: its file.
        migrations: every step, oldest first.

    Raises:
        sqlite3.Error: a step failed; it has left nothing behind.
    """
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    if 0 < current < migrations[-1].number:
        _back_up(connection, path.with_name(f"{path.name}.schema-{current}.backup"))
    for number, script in migrations:
        if number > current:
            connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(partial)) as copy:
        connection.backup(copy)
    # Only a whole copy bears the name that people restore from.
    os.replace(partial, target)
