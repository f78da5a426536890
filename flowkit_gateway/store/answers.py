"""First answers to creates that carry an idempotency key, and the SQL that keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from flowkit_gateway.problems import IdempotencyConflict
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey

_KEY_LIFETIME = 7 * 86400.0
"""Seconds for which a create can be repeated."""

_SELECT = "SELECT operation, body_hash, answer FROM idempotency_keys WHERE project = ? AND key = ?"


class Answers:
    """Creates things so that a repeated call finds what the first one was answered.

    Args:
        database: where the answers are kept, beside what they are about.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened_at = time.time() - time.monotonic()

    def find(self, project: str, key: IdempotencyKey | None) -> Created | None:
        """Return the first answer to a create that is being repeated.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """
        if key is None:
            return None
        return _earlier(self._database.read(_SELECT, (project, key.key)), key)

    async def create(
        self,
        project: str,
        key: IdempotencyKey | None,
        answer: bytes,
        work: Callable[[Transaction], None],
    ) -> Created:
        """Do `work` and keep its answer under the key in one transaction, all or nothing.

        Args:
            project: where the key belongs.
            key: what makes the create safe to repeat, if anything.
            answer: the body to answer with, now and at each repetition.
            work: writes the rows; what it raises is raised here, and nothing is changed.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """
        now = self._steady_time()

        def transaction(connection: Transaction) -> Created:
            if key is not None:
                connection.execute(
                    "DELETE FROM idempotency_keys WHERE created_at < ?", (now - _KEY_LIFETIME,)
                )
                found = connection.execute(_SELECT, (project, key.key)).fetchall()
                earlier = _earlier(found, key)
                if earlier is not None:
                    return earlier
                connection.execute(
                    "INSERT INTO idempotency_keys"
                    " (project, key, operation, body_hash, created_at, answer)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (project, key.key, key.operation, key.body_hash, now, answer),
                )
            work(connection)
            return Created(answer, replayed=False)

        return await self._database.write(transaction)

    def forget(self, connection: Transaction, project: str, key: IdempotencyKey | None) -> None:
        """Let a create be tried anew that was taken back, in the transaction that does so."""
        if key is not None:
            connection.execute(
                "DELETE FROM idempotency_keys WHERE project = ? AND key = ?", (project, key.key)
            )

    def _steady_time(self) -> float:
        """Return Unix time without the jumps since the store was opened.

        A clock that is set forward by a year must not make keys a year old: their creates may
        be repeated at this very moment, and would be done twice.
        """
        return self._opened_at + time.monotonic()


def _earlier(found: Sequence[tuple[str, bytes, bytes]], key: IdempotencyKey) -> Created | None:
    for operation, body_hash, answer in found:
        if (operation, body_hash) != (key.operation, key.body_hash):
            raise IdempotencyConflict(
                f"the idempotency key {key.key!r} was used for another request",
                hint="use a new key for each new request",
            )
        return Created(answer, replayed=True)
    return None
