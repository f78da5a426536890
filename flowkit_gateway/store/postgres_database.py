"""A PostgreSQL database: a thread that writes, and a reader on the event loop.

Transactions take turns by one lock of the whole database, as they do in an SQLite file: what the
store does is written for that, and so events get their numbers in the order in which they can be
read. Several writes share a turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from flowkit_gateway.problems import Problem, Unavailable
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

_READ_SECONDS = 4.0
_WRITE_SECONDS = 15.0
_BEGIN = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('flowkit'), hashtext(current_schema()))"


class PostgresDatabase:
    """A database of a server; implements `database.Database`.

    It is of use until the first of its connections breaks or does not answer in time. From then on
    all is refused: what a gateway keeps in memory may not be what is in the rows any more, so that
    it opens the database anew and takes up its tasks from there.

    Args:
        url: as libpq takes it, `postgresql://user@host/database`.
        data_dir: holds the files of its tasks.
        migrations: what makes up the schema, oldest first.
        fence: a query; where it finds nothing, nothing may be written any more.
        interrupted: called once, on any thread, when the database is of no use any more.

    Raises:
        StoreError: it cannot be reached, is newer than this release or of another program.
    """

    def __init__(
        self,
        url: str,
        data_dir: Path,
        migrations: Sequence[Migration] | None = None,
        *,
        fence: str | None = None,
        interrupted: Callable[[], None] | None = None,
    ) -> None:
        self.name = name_of(url)
        with contextlib.ExitStack() as opened:
            try:
                writer = opened.enter_context(
                    contextlib.closing(connect(url, answer_seconds=_WRITE_SECONDS))
                )
                check_server(writer, self.name)
                migrate(writer, self.name, data_dir, migrations or all_migrations())
                self._reader = opened.enter_context(
                    contextlib.closing(connect(url, answer_seconds=_READ_SECONDS))
                )
            except psycopg.Error as error:
                raise refusal(error, self.name) from error
            self._opened = opened.pop_all()
        self._use = _Use(interrupted)
        self._closed = False
        self._writer = GroupedWriter(_Connection(writer, self._use, fence))

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; see `Database.read`."""
        self._use.demand()
        try:
            return self._reader.execute(statement(query).encode(), values).fetchall()
        except psycopg.Error as error:
            problem = problem_of(error)
            if isinstance(problem, Unavailable):
                self._use.end()
            raise problem or error from error

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction; see `Database.write`."""
        return await self._writer.write(work)

    def damage(self, why: object) -> str:
        """Say that the database is damaged, and what to do."""
        return f"{self.name} is damaged ({why}); restore it from a backup"

    def close(self) -> None:
        """Finish what was begun and close the connections."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._opened.close()


class _Use:
    """Whether a database is still of use."""

    def __init__(self, interrupted: Callable[[], None] | None) -> None:
        self._interrupted = interrupted
        self._is_over = False

    def demand(self) -> None:
        """Raise Unavailable where it is not."""
        if self._is_over:
            raise unavailable()

    def end(self) -> None:
        """Note that it is not any more."""
        if not self._is_over:
            self._is_over = True
            if self._interrupted is not None:
                self._interrupted()


class _Transaction:
    """What a write works on."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Run a statement."""
        return self._connection.execute(statement(query).encode(), values)

    def executemany(self, query: str, values: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of several rows of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(statement(query).encode(), values)


class _Connection:
    """The writer's connection; implements `grouped_writer.Connection`."""

    def __init__(self, connection: PostgresConnection, use: _Use, fence: str | None) -> None:
        self._connection = connection
        self._use = use
        self._transaction = _Transaction(connection)
        self._begin = _BEGIN if fence is None else f"{_BEGIN}; {fence}"
        self._is_fenced = fence is not None
        self._is_first = True

    @property
    def is_usable(self) -> bool:
        """Another transaction may work where one has failed."""
        return not self._connection.closed

    @property
    def in_transaction(self) -> bool:
        """A transaction was begun, and has not ended by itself."""
        status = self._connection.info.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def begin(self) -> Transaction:
        """Begin a transaction, while which nobody else writes."""
        self._use.demand()
        found = list(self._connection.execute(self._begin.encode()).results())[-1]
        if self._is_fenced and found.fetchone() is None:
            self._use.end()
            raise unavailable()
        self._is_first = True
        return self._transaction

    def begin_one(self) -> None:
        """Begin one of the writes of a transaction."""
        # One question to the server in place of two.
        separation = "SAVEPOINT one" if self._is_first else "RELEASE one; SAVEPOINT one"
        self._is_first = False
        self._connection.execute(separation.encode())

    def undo_one(self) -> None:
        """Undo what was written since it began."""
        self._connection.execute("ROLLBACK TO one")

    def end_one(self) -> None:
        """Keep what was written since it began: the next one, or the commit, sees to it."""

    def commit(self) -> None:
        """Make a transaction durable."""
        try:
            self._connection.execute("COMMIT")
        except psycopg.Error as error:
            if self._connection.closed:
                raise CommitCutOff from error
            raise

    def roll_back(self) -> None:
        """Undo a transaction, if there is one."""
        if self.in_transaction:
            with contextlib.suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")
        if self._connection.closed:
            self._use.end()

    def problem_of(self, error: BaseException) -> Problem | None:
        """Return what a caller is told of an error of the database; None for other errors."""
        return problem_of(error)
