"""What every database offers the rest of the store, whichever program keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class StoreError(Exception):
    """The database cannot be used; its text says why and what to do."""


class Rows(Protocol):
    """What a statement has found or changed."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""

    def fetchone(self) -> Any:  # a tuple of columns of any type, or None
        """Return the next row, None after the last."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Transaction(Protocol):
    """What a write works on. Statements are SQLite's, with `?` for values.

    Transactions of one database happen one after the other, also those of several gateways: what
    one has read stays as it is until it is committed.
    """

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Run a statement."""

    def executemany(self, query: str, values: Iterable[Sequence[object]]) -> object:
        """Run a statement for each of several rows of values."""


class Database(Protocol):
    """A migrated database that is open for one process."""

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query. It runs on the calling thread: index what it looks for.

        Raises:
            Problem: the database cannot be read.
        """

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        `work` runs on another thread, and once more when its neighbours made the first
        transaction fail; what it raises is raised here.

        Raises:
            StorageFull: the disk is full; nothing was changed.
            Unavailable: the database does not answer, is locked or closed. Nothing was changed,
                unless its text says otherwise.
            InternalError: the database refused; nothing was changed.
        """

    def damage(self, why: object) -> str:
        """Say that the database is damaged, and what to do."""

    def close(self) -> None:
        """Finish what was begun and close the database."""
