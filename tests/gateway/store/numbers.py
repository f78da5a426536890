"""A table of numbers, and writes to it that fall into one commit."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.migrations import Migration

NUMBERS = [Migration(1, "CREATE TABLE numbers (number INTEGER PRIMARY KEY, text TEXT);")]


def insert(number: int, text: str = "") -> Callable[[Transaction], int]:
    """Return the work of adding one row."""

    def work(connection: Transaction) -> int:
        connection.execute("INSERT INTO numbers VALUES (?, ?)", (number, text))
        return number

    return work


def numbers(database: Database) -> list[int]:
    """Return the rows that are there."""
    return [number for (number,) in database.read("SELECT number FROM numbers ORDER BY number")]


@contextlib.asynccontextmanager
async def held_writer(database: Database) -> AsyncIterator[None]:
    """Keep the writer busy, so that all writes of the block fall into one group."""
    entered, free = threading.Event(), threading.Event()

    def work(connection: Transaction) -> None:
        entered.set()
        free.wait(10)

    first = asyncio.ensure_future(database.write(work))
    await asyncio.to_thread(entered.wait, 10)
    try:
        yield
    finally:
        free.set()
        await first


async def together(database: Database, *works: Callable[[Transaction], object]) -> list[object]:
    """Return the results or errors of writes that one commit tries to make durable."""
    async with held_writer(database):
        writes = [asyncio.ensure_future(database.write(work)) for work in works]
        await asyncio.sleep(0)
    return list(await asyncio.gather(*writes, return_exceptions=True))
