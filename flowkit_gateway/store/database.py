"""One SQLite file: a writer thread that groups commits, and a reader on the event loop.

Every write and checkpoint goes through the writer's connection. Besides the speed of grouped
commits, this keeps clear of the WAL-reset bug of SQLite before 3.51.3, which needs two writing
connections (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from flowkit_gateway.problems import InternalError, Problem, StorageFull, Unavailable
from flowkit_gateway.store.migrations import Migration, all_migrations, migrate, why_unusable

T = TypeVar("T")

_GROUP = 256
"""Most writes of one commit, so that the first of a burst does not wait for the last."""

_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another program that has the file locked, such as a backup."""

_MOST_LOG_BYTES = 64 * 1024 * 1024
"""Size to which the write-ahead log is cut back after a large transaction."""


class StoreError(Exception):
    """The database cannot be used; its text says why and what to do."""


class _Write(Generic[T]):
    """One transaction on its way through the writer thread."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        self.result: T | None = None
        self.error: BaseException | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work inside the group's transaction, or leave no trace of it there."""
        self.error = None
        connection.execute("SAVEPOINT one")
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001  # handed to the caller by `settle`
            self.error = error
            # Errors such as a full disk may have ended the whole group's transaction.
            if connection.in_transaction:
                connection.execute("ROLLBACK TO one")
        if connection.in_transaction:
            connection.execute("RELEASE one")

    def settle(self) -> None:
        """Give the caller the outcome, on the caller's own loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # set by `run`
        elif isinstance(self.error, sqlite3.Error):
            self.future.set_exception(_as_problem(self.error))
        else:
            self.future.set_exception(self.error)


Transaction = sqlite3.Connection
"""What a write works on: `execute` and `executemany`, with `?` for values."""


class Database:
    """A migrated database that is open for one process.

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
                self._writer = opened.enter_context(contextlib.closing(_connect(path)))
                # First only looked at: what is not ours must stay as it is.
                refusal = why_unusable(self._writer, path, steps)
                if refusal is not None:
                    if is_new:
                        path.unlink()
                    raise StoreError(refusal)
                _set_up(self._writer, path)
                self._writer.execute(f"PRAGMA journal_size_limit = {_MOST_LOG_BYTES}")
                migrate(self._writer, path, steps)
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
            opened.pop_all()
        self._closed = False
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="store-writer")
        self._thread.daemon = True
        self._thread.start()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query. It runs on the calling thread: index what it looks for.

        Raises:
            Problem: the database cannot be read.
        """
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _as_problem(error) from error

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        `work` runs on another thread, and once more when its neighbours made the first
        transaction fail; what it raises is raised here.

        Raises:
            StorageFull: the disk is full; nothing was changed.
            Unavailable: the database is locked or closed; nothing was changed.
            InternalError: the database refused; nothing was changed.
        """
        if self._closed:
            raise Unavailable("the gateway is stopping", retry_after=1.0)
        write = _Write(work)
        self._queue.put(write)  # type: ignore[arg-type]  # the thread never looks at T
        # A caller that goes away cancels the future alone; the transaction goes on.
        return await write.future

    def close(self) -> None:
        """Finish what was begun and close the file."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _write_forever(self) -> None:
        last = False
        while not last:
            group = []
            write = self._queue.get()
            while write is not None:
                group.append(write)
                if len(group) == _GROUP:
                    break
                try:
                    write = self._queue.get_nowait()
                except queue.Empty:
                    break
            last = write is None
            if group:
                self._commit(group)
                _tell(group)

    def _commit(self, group: Sequence[_Write[object]]) -> None:
        """Commit writes together or, where that fails, each of them alone."""
        begun = False
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            begun = True
            for write in group:
                write.run(self._writer)
                if not self._writer.in_transaction:
                    raise write.error or sqlite3.OperationalError("the transaction ended early")
            self._writer.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  # handed to the callers by `settle`
            self._roll_back()
            # Where not even BEGIN worked, it would work no better for one.
            if begun and len(group) > 1:
                for write in group:
                    self._commit([write])
                return
            for write in group:
                write.error = write.error or error

    def _roll_back(self) -> None:
        # Without a transaction there is nothing to undo, and SQLite says so.
        with contextlib.suppress(sqlite3.Error):
            self._writer.execute("ROLLBACK")


def _tell(group: Sequence[_Write[object]]) -> None:
    for loop in {write.loop for write in group}:
        # The loop may be closed: then nobody waits for the outcome any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, [write for write in group if write.loop is loop])


def _settle(group: Sequence[_Write[object]]) -> None:
    for write in group:
        write.settle()


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


def damaged(path: Path, why: object) -> str:
    """Say that a database is damaged, and what to do."""
    return (
        f"{path} is damaged ({why}); restore it from a backup ({path.name}.*.backup beside it, if"
        " any), or move the directory away to start anew"
    )


def _explain(error: sqlite3.Error, path: Path) -> str:
    code = _code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, error)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written ({error}); make {path.parent} writable"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{path} cannot be written ({error}); free some space on its disk"
    return f"{path} cannot be opened ({error})"
