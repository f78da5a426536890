"""What every database promises: grouped commits, whole or not at all, durable on return."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from flowkit_gateway.problems import InternalError, Unavailable
from flowkit_gateway.store.database import Database, Transaction
from tests.gateway.store.conftest import OpenDatabase
from tests.gateway.store.numbers import NUMBERS, held_writer, insert, numbers, together


@pytest.fixture
def database(open_database: OpenDatabase) -> Iterator[Database]:
    """A database with a table `numbers`."""
    opened = open_database(NUMBERS)
    yield opened
    opened.close()


async def test_a_write_is_read_once_it_returned(database: Database) -> None:
    assert await database.write(insert(7)) == 7
    assert numbers(database) == [7]


async def test_concurrent_writes_are_all_done(database: Database) -> None:
    await asyncio.gather(*(database.write(insert(number)) for number in range(1000)))
    assert numbers(database) == list(range(1000))


async def test_a_failed_write_does_not_fail_its_neighbours(database: Database) -> None:
    results = await together(database, insert(1), insert(1), insert(2))
    assert results[0] == 1
    assert isinstance(results[1], InternalError)
    assert results[2] == 2
    assert numbers(database) == [1, 2]


async def test_a_write_that_fails_half_way_leaves_nothing(database: Database) -> None:
    def work(connection: Transaction) -> None:
        insert(1)(connection)
        raise LookupError("changed my mind")

    results = await together(database, work, insert(2))
    assert isinstance(results[0], LookupError)
    assert numbers(database) == [2]


async def test_a_cancelled_caller_does_not_undo_its_write(database: Database) -> None:
    async with held_writer(database):
        writes = [asyncio.ensure_future(database.write(insert(number))) for number in range(3)]
        await asyncio.sleep(0)
        writes[1].cancel()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], asyncio.CancelledError)
    assert results[2] == 2
    assert numbers(database) == [0, 1, 2]


async def test_close_finishes_what_was_begun_and_refuses_the_rest(database: Database) -> None:
    writes = [asyncio.ensure_future(database.write(insert(number))) for number in range(600)]
    await asyncio.sleep(0)
    database.close()
    assert await asyncio.gather(*writes) == list(range(600))
    with pytest.raises(Unavailable):
        await database.write(insert(1000))
    database.close()


def test_a_write_is_finished_when_its_loop_is_gone(open_database: OpenDatabase) -> None:
    database = open_database(NUMBERS)
    free = threading.Event()

    def slow(connection: Transaction) -> None:
        free.wait(10)
        insert(1)(connection)

    async def begin() -> None:
        write = asyncio.ensure_future(database.write(slow))
        await asyncio.sleep(0)
        write.cancel()

    asyncio.run(begin())
    free.set()
    # The writer lives on and serves the next loop.
    assert asyncio.run(database.write(insert(2))) == 2
    assert numbers(database) == [1, 2]
    database.close()
