"""A PostgreSQL database: a thread that writes, and a reader on the event loop.

Transactions take turns by one lock of the whole database, as they do in an SQLite file: what the
store does is written for that, and so events get their numbers in the order in which they can be
read. Several writes share a turn.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from flowkit_gateway.problems import Problem
from flowkit_gateway.store.database import Rows, Transaction
from flowkit_gateway.store.grouped_writer import GroupedWriter
from flowkit_gateway.store.migrations import Migration, all_migrations
from flowkit_gateway.store.postgres_connection import (
    CommitCutOff,
    PostgresConnection,
    connect,
    name_of,
    problem_of,
    refusal,
    unavailable,
)
from flowkit_gateway.store.postgres_schema import check_server, migrate
from flowkit_gateway.store.postgres_sql import statement

T = TypeVar("T")

CHANNEL = "flowkit"
"""On which gateways of one database tell each other what has changed."""

_READ_SECONDS = 4.0
_WRITE_SECONDS = 15.0
_RETRY_SECONDS = 0.25
"""Seconds between two tries to reach a database that went away."""

_MOST_TOLD = 7_000
"""Bytes of one notice; PostgreSQL takes less than 8000."""

_BEGIN = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('flowkit'), hashtext(current_schema()))"


class PostgresDatabase:
    """A database of a server; implements `database.Database`.

    Args:
        url: as libpq takes it, `postgresql://user@host/database`.
        data_dir: holds the files of its tasks.
        migrations: what makes up the schema, oldest first.

    Raises:
        StoreError: it cannot be reached, is newer than this release or of another program.
    """

    def __init__(
        self, url: str, data_dir: Path, migrations: Sequence[Migration] | None = None
    ) -> None:
        self.url = url
        self.name = name_of(url)
        self.session = secrets.token_hex(8)
        """Names this process in what it tells the others."""
        try:
            with connect(url, answer_seconds=_WRITE_SECONDS) as connection:
                check_server(connection, self.name)
                migrate(connection, self.name, data_dir, migrations or all_migrations())
            self._reader = _Reader(url)
        except psycopg.Error as error:
            raise refusal(error, self.name) from error
        self._closed = False
        self._connection = _Connection(url, self.session)
        self._writer = GroupedWriter(self._connection)

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; see `Database.read`."""
        return self._reader.read(statement(query), values)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction; see `Database.write`."""
        return await self._writer.write(work)

    def on_interruption(self, callback: Callable[[], None]) -> None:
        """Have something called, on any thread, whenever a connection is lost."""
        self._reader.interrupted = self._connection.interrupted = callback

    def damage(self, why: object) -> str:
        """Say that the database is damaged, and what to do."""
        return f"{self.name} is damaged ({why}); restore it from a backup"

    def close(self) -> None:
        """Finish what was begun and close the connections."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._connection.close()
        self._reader.close()


class _Reader:
    """The connection that reads. When it breaks, a thread of its own makes another one."""

    def __init__(self, url: str) -> None:
        self.interrupted: Callable[[], None] = _nothing
        self._url = url
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._connection: PostgresConnection | None = connect(url, answer_seconds=_READ_SECONDS)

    def read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        connection = self._connection
        if connection is None:
            raise unavailable()
        try:
            return connection.execute(query.encode(), values or None).fetchall()
        except psycopg.Error as error:
            if connection.closed:
                self._lose(connection)
            raise problem_of(error) or error from error

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _lose(self, connection: PostgresConnection) -> None:
        with self._lock:
            if self._connection is not connection:
                return
            self._connection = None
        threading.Thread(target=self._reconnect, name="store-reader", daemon=True).start()
        self.interrupted()

    def _reconnect(self) -> None:
        while not self._closed.wait(_RETRY_SECONDS):
            with contextlib.suppress(psycopg.Error):
                connection = connect(self._url, answer_seconds=_READ_SECONDS)
                with self._lock:
                    self._connection = connection
                    if self._closed.is_set():
                        connection.close()
                return


class _Transaction:
    """What a write works on."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self.told: list[str] = []

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        return self._connection.execute(statement(query).encode(), values or None)

    def executemany(self, query: str, values: Iterable[Sequence[object]]) -> object:
        with self._connection.cursor() as cursor:
            cursor.executemany(statement(query).encode(), values)
        return None

    def tell(self, subject: str) -> None:
        self.told.append(subject)


class _Connection:
    """The writer's connection; implements `grouped_writer.Connection`."""

    def __init__(self, url: str, session: str) -> None:
        self.interrupted: Callable[[], None] = _nothing
        self._url = url
        self._session = session
        self._connection: PostgresConnection | None = None
        self._transaction: _Transaction | None = None
        self._down_until = 0.0

    @property
    def is_usable(self) -> bool:
        """Another transaction may work where one has failed."""
        return self._connection is not None and not self._connection.closed

    @property
    def in_transaction(self) -> bool:
        """A transaction was begun, and has not ended by itself."""
        connection = self._connection
        return (
            connection is not None
            and not connection.closed
            and connection.info.transaction_status
            in (TransactionStatus.INTRANS, TransactionStatus.INERROR)
        )

    def begin(self) -> Transaction:
        """Begin a transaction, while which nobody else writes."""
        if self._connection is None:
            # So that those who wait are told at once, and not each after a try of its own.
            if time.monotonic() < self._down_until:
                raise psycopg.OperationalError("the server was not there a moment ago")
            self._down_until = time.monotonic() + _RETRY_SECONDS
            self._connection = connect(self._url, answer_seconds=_WRITE_SECONDS)
        self._connection.execute(_BEGIN)
        self._transaction = _Transaction(self._connection)
        return self._transaction

    def commit(self) -> None:
        """Make a transaction durable."""
        connection, transaction = self._connection, self._transaction
        if connection is None or transaction is None:
            raise RuntimeError("no transaction was begun")
        for notice in _notices(self._session, transaction.told):
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, notice))
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            if connection.closed:
                raise CommitCutOff from error
            raise

    def roll_back(self) -> None:
        """Undo a transaction, if there is one."""
        if self.in_transaction and self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")
        if self._connection is not None and self._connection.closed:
            self._connection = None
            self.interrupted()

    def problem_of(self, error: BaseException) -> Problem | None:
        """Return what a caller is told of an error of the database; None for other errors."""
        return problem_of(error)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


def _notices(session: str, told: Sequence[str]) -> Iterable[str]:
    """Yield notices of who tells, and what, a line each."""
    lines, size = [session], 0
    for subject in dict.fromkeys(told):
        lines.append(subject)
        size += len(subject) + 1
        if size > _MOST_TOLD:
            yield "\n".join(lines)
            lines, size = [session], 0
    if size:
        yield "\n".join(lines)


def _nothing() -> None:
    """Be nobody whom an interruption concerns."""
