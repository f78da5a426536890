"""One SQLite file: a writer thread that groups commits, and a reader on the event loop.

Every write and checkpoint goes through the writer's connection. Besides the speed of grouped
commits, this keeps clear of the WAL-reset bug of SQLite before 3.51.3, which needs two writing
connections (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Generic, TypeVar

from flowkit_gateway.problems import InternalError, StorageFull

T = TypeVar("T")

_GROUP = 256
"""Most writes of one commit, so that the first of a burst does not wait for the last."""


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
        connection.execute("SAVEPOINT one")
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001  # handed to the caller by `settle`
            self.error = error
            if connection.in_transaction:
                connection.execute("ROLLBACK TO one")
        if connection.in_transaction:
            connection.execute("RELEASE one")

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(_as_problem(self.error))
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # set by `run`


class Database:
    """A migrated database that is open for one process.

    Args:
        path: the file; it and its directory are made when they are missing.

    Raises:
        StoreError: the file is damaged, newer than this release, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._writer = _connect(path)
            _migrate(self._writer, path)
            self.reader = _connect(path)
            # Checkpoints belong to the writer alone.
            self.reader.execute("PRAGMA wal_autocheckpoint = 0")
            self.reader.execute("PRAGMA query_only = 1")
        except sqlite3.Error as error:
            raise StoreError(_explain(error, path)) from error
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="store-writer")
        self._thread.daemon = True
        self._thread.start()

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        Raises:
            StorageFull: the disk is full; nothing was changed.
            InternalError: the database refused; nothing was changed.
        """
        write = _Write(work)
        self._queue.put(write)  # type: ignore[arg-type]  # the thread never looks at T
        # A caller that goes away must not cancel a transaction that others share.
        return await asyncio.shield(write.future)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._queue.put(None)
        self._thread.join()
        self.reader.close()
        self._writer.close()

    def _write_forever(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            last = False
            while len(group) < _GROUP:
                try:
                    write = self._queue.get_nowait()
                except queue.Empty:
                    break
                if write is None:
                    last = True
                    break
                group.append(write)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Write[object]]) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for write in group:
                write.run(self._writer)
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            for write in group:
                write.error = write.error or error
        loop = group[0].loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, group)


def _settle(group: list[_Write[object]]) -> None:
    for write in group:
        write.settle()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("flowkit_gateway.store") / "migrations"
    scripts = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), (folder / name).read_text()) for name in scripts]


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date; a database that holds anything is backed up first."""
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    migrations = _migrations()
    newest = migrations[-1][0]
    if current > newest:
        raise StoreError(
            f"{path} has schema {current}, but this release knows schemas up to {newest}; "
            "upgrade flowkit, or name another data directory"
        )
    if current == 0 and (path.parent / "tasks").is_dir() and any((path.parent / "tasks").iterdir()):
        raise StoreError(
            f"{path} is empty, but {path.parent / 'tasks'} holds tasks; restore the database from "
            "a backup, or move the directory away to start anew"
        )
    if 0 < current < newest:
        _back_up(connection, path.with_name(f"{path.name}.schema-{current}.backup"))
    for number, script in migrations:
        if number > current:
            connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _as_problem(error: BaseException) -> BaseException:
    if not isinstance(error, sqlite3.Error):
        return error
    # SQLITE_FULL, or an I/O error that a full disk gives when the log cannot grow.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        problem: BaseException = StorageFull(
            "the gateway's disk is full; nothing was changed", hint="free some space, then retry"
        )
    elif code == sqlite3.SQLITE_IOERR:
        problem = StorageFull(
            "the gateway cannot write to its disk; nothing was changed",
            hint="look for a full or failing disk",
        )
    else:
        problem = InternalError(f"the store refused: {error}")
    problem.__cause__ = error
    return problem


def _explain(error: sqlite3.Error, path: Path) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return (
            f"{path} is damaged ({error}); restore it from a backup ({path.name}.*.backup beside "
            "it, if any), or move the directory away to start anew"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written ({error}); make {path.parent} writable"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{path} cannot be written ({error}); free some space on its disk"
    return f"{path} cannot be opened ({error})"
