"""Which of several gateways has the tasks: a lease in the database, counted by its clock."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import psycopg

from flowkit_gateway.store.postgres_connection import CONNECT_SECONDS, unavailable

CHANNEL = "flowkit_lease"
_NAME = "gateway"
_NOW = "extract(epoch FROM clock_timestamp())"
_RENEWALS = 4
"""Times that a lease is renewed before it would end."""


class Term(NamedTuple):
    """One time of having the lease. Whoever writes under an earlier one is refused."""

    holder: str
    number: int

    @property
    def fence(self) -> str:
        """The query that finds nothing once somebody else has the lease.

        Until its transaction ends, nobody else gets it.
        """
        return (
            f"SELECT 1 FROM leases WHERE name = '{_NAME}' AND holder = '{self.holder}'"
            f" AND term = {self.number} FOR KEY SHARE"
        )


class Lease:
    """The lease as one process sees it.

    Args:
        url: the database, which has the schema.
        address: where this process serves, `HOST:PORT`.
        seconds: how long the others wait for a holder that does not renew it.
    """

    def __init__(self, url: str, address: str, seconds: float) -> None:
        self._url = url
        self._address = address
        self._seconds = seconds
        self._holder = secrets.token_hex(8)
        self.holder_address: str | None = None
        """Where the holder serves, as far as is known; None while there is none."""

    async def acquire(self) -> Term:
        """Wait until nobody else has the lease, and take it.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._connection() as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            while True:
                term = await self._take(connection)
                if term is not None:
                    return term
                # Told at once of one that is given back, and looking for one that has run out.
                async for _ in connection.notifies(timeout=self._seconds / _RENEWALS, stop_after=1):
                    continue

    async def keep(self, term: Term) -> None:
        """Renew the lease; return once it is another's.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._connection() as connection:
            while True:
                cursor = await connection.execute(
                    f"UPDATE leases SET expires_at = {_NOW} + %s"
                    " WHERE name = %s AND holder = %s AND term = %s",
                    (self._seconds, _NAME, *term),
                )
                if cursor.rowcount != 1:
                    return
                await asyncio.sleep(self._seconds / _RENEWALS)

    async def release(self, term: Term) -> None:
        """Give the lease back, so that nobody has to wait until it runs out.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._connection() as connection:
            await connection.execute(
                "UPDATE leases SET expires_at = 0 WHERE name = %s AND holder = %s AND term = %s",
                (_NAME, *term),
            )
            await connection.execute(f"NOTIFY {CHANNEL}")

    async def _take(self, connection: psycopg.AsyncConnection[Any]) -> Term | None:
        """Take a lease that has run out or is this process's own."""
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO leases (name, holder, address, term, expires_at)"
                " VALUES (%s, '', '', 0, 0) ON CONFLICT DO NOTHING",
                (_NAME,),
            )
            cursor = await connection.execute(
                "UPDATE leases SET holder = %s, address = %s, term = term + 1,"
                f" expires_at = {_NOW} + %s WHERE name = (SELECT name FROM leases"
                f" WHERE name = %s AND (holder = %s OR expires_at < {_NOW})"
                # Not one that somebody is just writing under, or taking.
                " FOR UPDATE SKIP LOCKED) RETURNING term",
                (self._holder, self._address, self._seconds, _NAME, self._holder),
            )
            found = await cursor.fetchone()
        if found is not None:
            return Term(self._holder, int(found[0]))
        cursor = await connection.execute(
            f"SELECT address FROM leases WHERE name = %s AND expires_at >= {_NOW}", (_NAME,)
        )
        found = await cursor.fetchone()
        self.holder_address = None if found is None else str(found[0])
        return None

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Open a connection of which no statement takes longer than the lease."""
        try:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_SECONDS
            ) as connection:
                milliseconds = round(self._seconds * 1000)
                await connection.execute(f"SET statement_timeout = {milliseconds}".encode())
                yield connection
        except psycopg.Error as error:
            raise unavailable() from error
