"""The schema of a PostgreSQL database: its number, and how it is brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from flowkit_gateway.store.database import StoreError
from flowkit_gateway.store.migrations import Migration
from flowkit_gateway.store.postgres_sql import schema

_OLDEST_SERVER = 130000
"""Version 13, of which Debian 11 is the last that still gets security updates."""

_TABLES = (
    "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
    " AND tablename <> 'schema_version'"
)


def check_server(connection: psycopg.Connection[Any], name: str) -> None:
    """Refuse a server that cannot keep the rows.

    Raises:
        StoreError: it is too old, or the database has another encoding than UTF-8.
    """
    version = connection.info.server_version
    if version < _OLDEST_SERVER:
        raise StoreError(
            f"{name} is on PostgreSQL {version // 10000}, which is too old; use 13 or newer"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"{name} has the encoding {encoding}; create it with `createdb --encoding=UTF8"
            " --template=template0`"
        )


def migrate(
    connection: psycopg.Connection[Any], name: str, data_dir: Path, migrations: Sequence[Migration]
) -> None:
    """Bring a schema up to date, all of it or nothing; gateways that start at one time take turns.

    Args:
        connection: the open database.
        name: what to call it.
        data_dir: holds the files of its tasks.
        migrations: every step, oldest first.

    Raises:
        StoreError: the database is not one of this release.
        psycopg.Error: a step failed; nothing was changed.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('flowkit migrations'))")
        current = _current(connection)
        refusal = _why_unusable(connection, name, data_dir, current, migrations[-1].number)
        if refusal is not None:
            raise StoreError(refusal)
        if current is None:
            connection.execute("CREATE TABLE schema_version (number BIGINT NOT NULL)")
            connection.execute("INSERT INTO schema_version VALUES (0)")
        for number, script in migrations:
            if number > (current or 0):
                connection.execute(schema(script).encode())
                connection.execute("UPDATE schema_version SET number = %s", (number,))


def _current(connection: psycopg.Connection[Any]) -> int | None:
    found = connection.execute("SELECT to_regclass('schema_version')").fetchone()
    if found is None or found[0] is None:
        return None
    row = connection.execute("SELECT number FROM schema_version").fetchone()
    return None if row is None else int(row[0])


def _why_unusable(
    connection: psycopg.Connection[Any],
    name: str,
    data_dir: Path,
    current: int | None,
    newest: int,
) -> str | None:
    if current is not None and current > newest:
        return (
            f"{name} has schema {current}, but this release knows schemas up to {newest}; upgrade"
            " flowkit, or name another database"
        )
    if current is not None:
        return None
    (tables,) = connection.execute(_TABLES).fetchone() or (0,)
    if tables:
        return f"{name} is a database of another program; name another one"
    tasks = data_dir / "tasks"
    if tasks.is_dir() and any(tasks.iterdir()):
        return (
            f"{name} is empty, but {tasks} holds tasks; restore the database from a backup, or name"
            " another data directory"
        )
    return None
