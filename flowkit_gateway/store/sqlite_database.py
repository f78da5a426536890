"""One SQLite file: a thread that writes, and a reader on the event loop.

Every write and checkpoint goes through the writer's connection. Besides the speed of grouped
commits, this keeps clear of the WAL-reset bug of SQLite before 3.51.3, which needs two writing
connections (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from flowkit_gateway.problems import InternalError, Problem, StorageFull, Unavailable
from flowkit_gateway.store.database import StoreError, Transaction
from flowkit_gateway.store.grouped_writer import GroupedWriter
from flowkit_gateway.store.migrations import Migration, all_migrations
from flowkit_gateway.store.sqlite_schema import migrate, why_unusable

T = TypeVar("T")

_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another program that has the file locked, such as a backup."""

_MOST_LOG_BYTES = 64 * 1024 * 1024
"""Size to which the write-ahead log is cut back after a large transaction."""


class SQLiteDatabase:
    """A file; implements `database.Database`.

    Args:
        path: the file; it and its directory are made when they are missing.
        migrations: what makes up the schema, oldest first.

    Raises:
        StoreError: the file is damaged, newer than this release, or cannot be written.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration] | None = None) -> None:
        self.path = path
        with contextlib.ExitStack() as opened:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                steps = migrations or all_migrations()
                is_new = not path.exists()
                # The rows hold environments of users; SQLite's other files take over its mode.
                path.touch(mode=0o600)
                writer = opened.enter_context(contextlib.closing(_connect(path)))
                # First only looked at: what is not ours must stay as it is.
                refusal = why_unusable(writer, path, steps)
                if refusal is not None:
                    if is_new:
                        path.unlink()
                    raise StoreError(refusal)
                _set_up(writer, path)
                writer.execute(f"PRAGMA journal_size_limit = {_MOST_LOG_BYTES}")
                migrate(writer, path, steps)
                self._reader = opened.enter_context(contextlib.closing(_connect(path)))
                _set_up(self._reader, path)
                # Checkpoints belong to the writer alone.
                self._reader.execute("PRAGMA wal_autocheckpoint = 0")
                self._reader.execute("PRAGMA query_only = 1")
            except sqlite3.Error as error:
                raise StoreError(_explain(error, path)) from error
            except OSError as error:
                raise StoreError(
                    f"{path} cannot be written ({error.strerror}); make {path.parent} writable"
                ) from error
            self._opened = opened.pop_all()
        self._closed = False
        self._writer = GroupedWriter(_Connection(writer))

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; see `Database.read`."""
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _as_problem(error) from error

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction; see `Database.write`."""
        return await self._writer.write(work)

    def damage(self, why: object) -> str:
        """Say that the file is damaged, and what to do."""
        return _damaged(self.path, why)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._opened.close()


class _Connection:
    """The writer's connection; implements `grouped_writer.Connection`."""

    is_usable = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        """A transaction was begun, and has not ended by itself."""
        return self._connection.in_transaction

    def begin(self) -> Transaction:
        """Begin a transaction, while which nobody else writes."""
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def begin_one(self) -> None:
        """Begin one of the writes of a transaction."""
        self._connection.execute("SAVEPOINT one")

    def undo_one(self) -> None:
        """Undo what was written since it began."""
        self._connection.execute("ROLLBACK TO one")

    def end_one(self) -> None:
        """Keep what was written since it began."""
        self._connection.execute("RELEASE one")

    def commit(self) -> None:
        """Make a transaction durable."""
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo a transaction, if there is one."""
        # Without a transaction there is nothing to undo, and SQLite says so.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def problem_of(self, error: BaseException) -> Problem | None:
        """Return what a caller is told of an error of the database; None for other errors."""
        return _as_problem(error) if isinstance(error, sqlite3.Error) else None


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=_LOCK_TIMEOUT
    )


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(
            f"{path} is on a file system without shared memory; choose a directory on a local disk"
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _as_problem(error: sqlite3.Error) -> Problem:
    code = _code(error)
    problem: Problem
    if code == sqlite3.SQLITE_FULL:
        problem = StorageFull(
            "the gateway's disk is full; nothing was changed", hint="free some space, then retry"
        )
    elif code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        problem = StorageFull(
            "the gateway cannot write to its disk; nothing was changed",
            hint="look for a full, failing or read-only disk",
        )
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        problem = Unavailable(
            "another program has the gateway's database locked; nothing was changed",
            retry_after=1.0,
        )
    else:
        problem = InternalError(f"the store refused: {error}")
    problem.__cause__ = error
    return problem


def _damaged(path: Path, why: object) -> str:
    return (
        f"{path} is damaged ({why}); restore it from a backup ({path.name}.*.backup beside it, if"
        " any), or move the directory away to start anew"
    )


def _explain(error: sqlite3.Error, path: Path) -> str:
    code = _code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, error)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written ({error}); make {path.parent} writable"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{path} cannot be written ({error}); free some space on its disk"
    return f"{path} cannot be opened ({error})"
