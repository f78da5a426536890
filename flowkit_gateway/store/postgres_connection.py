"""Connections to PostgreSQL that never wait for ever, and what their errors mean."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from flowkit_gateway.problems import InternalError, Problem, StorageFull, Unavailable
from flowkit_gateway.store.database import StoreError

T = TypeVar("T")

CONNECT_SECONDS = 5
_IDLE_SECONDS = 5
"""How long a gateway that was stopped in the middle of a transaction holds up the others."""

_SPARE_SECONDS = 2
"""How much longer than the server itself a connection waits for an answer."""

_BUSY = ("08", "57P", "533", "55P03", "57014", "25P0", "40")
"""Errors (and classes of them) after which the same may work: cut or refused connections, the
server's stop, locks and time that ran out (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


class CommitCutOff(Exception):
    """The connection broke during a commit: it may have been made or not."""


class _Number(Dumper):
    """Sends truth values as numbers, which is what the columns hold."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> Buffer:
        """Return the text of 1 or 0."""
        return b"1" if obj else b"0"


class PostgresConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed when an answer takes too long: a server that is stopped, or a
    cable that is cut, does not say so."""

    answer_seconds: float = CONNECT_SECONDS

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for an answer.

        Raises:
            psycopg.OperationalError: there was none in time.
        """
        try:
            return super().wait(gen, interval, timeout or self.answer_seconds)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def connect(url: str, *, answer_seconds: float) -> PostgresConnection:
    """Open a connection whose statements are transactions of their own.

    Args:
        url: the database.
        answer_seconds: how long a statement may take.

    Raises:
        psycopg.Error: it cannot be opened.
    """
    connection = PostgresConnection.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        fallback_application_name="flowkit",
        keepalives_idle=10,
        keepalives_interval=3,
        keepalives_count=3,
    )
    connection.answer_seconds = answer_seconds + _SPARE_SECONDS
    connection.adapters.register_dumper(bool, _Number)
    wanted = {
        "statement_timeout": f"{answer_seconds}s",
        "lock_timeout": f"{answer_seconds}s",
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
        "default_transaction_isolation": "read committed",
    }
    for setting, value in wanted.items():
        connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
    return connection


def name_of(url: str) -> str:
    """Return what to call a database in messages: never with its password.

    Raises:
        StoreError: it is not a URL of PostgreSQL.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StoreError(
            f"that is not the URL of a database: {' '.join(str(error).split())}; write it as in"
            " postgresql://user@host/database"
        ) from None
    host = parts.get("host") or parts.get("hostaddr") or "this machine"
    port = f" port {parts['port']}" if parts.get("port") else ""
    return f"the database {parts.get('dbname') or parts.get('user') or ''} on {host}{port}"


def refusal(error: psycopg.Error, name: str) -> StoreError:
    """Return why a database cannot be used, and what to do."""
    text = str(error).partition("\n")[0]
    hint = "look whether PostgreSQL runs there"
    if "password" in text or "authentication" in text:
        hint = "libpq takes passwords from ~/.pgpass and PGPASSWORD"
    elif "does not exist" in text:
        hint = "create it, with createuser and createdb"
    elif error.sqlstate is not None and error.sqlstate.startswith("42501"):
        hint = "let its user create tables there"
    elif error.sqlstate is not None and error.sqlstate.startswith("XX"):
        hint = "it is damaged: restore it from a backup"
    return StoreError(f"cannot use {name} ({text}); {hint}")


def problem_of(error: BaseException) -> Problem | None:
    """Return what a caller is told of an error of the database; None for other errors."""
    problem: Problem
    if isinstance(error, CommitCutOff):
        problem = Unavailable(
            "the database went away while this was written; it may be done or not", retry_after=1.0
        )
    elif not isinstance(error, psycopg.Error):
        return None
    elif (
        error.sqlstate is None
        and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    ) or (error.sqlstate is not None and error.sqlstate.startswith(_BUSY)):
        problem = unavailable()
    elif error.sqlstate in ("53100", "58030", "25006"):
        problem = StorageFull(
            "the database cannot write to its disk; nothing was changed",
            hint="look for a full, failing or read-only disk on its machine",
        )
    else:
        problem = InternalError(f"the store refused: {error.diag.message_primary or error}")
    problem.__cause__ = error
    return problem


def unavailable() -> Unavailable:
    """Return what a caller is told while the database does not answer."""
    return Unavailable("the database does not answer; nothing was changed", retry_after=1.0)
