"""A database of a PostgreSQL server: what is refused at the start, and what ends its use."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer

from flowkit_gateway.problems import InternalError, Unavailable
from flowkit_gateway.store.database import StoreError, Transaction
from flowkit_gateway.store.migrations import Migration
from flowkit_gateway.store.postgres_database import PostgresDatabase
from flowkit_gateway.store.postgres_lease import Lease
from tests.conditions import eventually
from tests.gateway.store.numbers import NUMBERS, insert, numbers

SECOND = Migration(2, "ALTER TABLE numbers ADD COLUMN colour TEXT DEFAULT 'red';")
BROKEN = Migration(3, "CREATE TABLE more (id TEXT); INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def database(postgres_url: str, tmp_path: Path) -> Iterator[PostgresDatabase]:
    """A database with a table `numbers`."""
    opened = PostgresDatabase(postgres_url, tmp_path, NUMBERS)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://here/flowkit", r"not the URL of a database: .*mysql"),
        ("postgresql://[::1/flowkit", r"not the URL of a database: .*IPv6"),
        (
            "postgresql://127.0.0.1:1/flowkit",
            r"cannot use the database flowkit on 127.*run",
        ),
    ],
)
def test_a_wrong_url_is_told(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=told):
        PostgresDatabase(url, tmp_path)


def test_a_wrong_password_is_told_and_not_shown(postgres: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"password authentication failed.*~/\.pgpass") as caught:
        PostgresDatabase(postgres.url(password="secret"), tmp_path)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"does not exist.*createdb"):
        PostgresDatabase(postgres.url("nowhere"), tmp_path)


def test_another_encoding_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    name = f"latin_{uuid.uuid4().hex[:8]}"
    url = postgres.create_database(name, options="ENCODING 'LATIN1'")
    with pytest.raises(StoreError, match="has the encoding LATIN1; create it"):
        PostgresDatabase(url, tmp_path)


def test_an_older_server_is_told(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.store.postgres_schema._OLDEST_SERVER", 990000)
    with pytest.raises(StoreError, match="too old"):
        PostgresDatabase(postgres_url, tmp_path)


def test_a_database_of_another_program_is_left_alone(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    name = f"other_{uuid.uuid4().hex[:8]}"
    url = postgres.create_schema(name)
    postgres.sql(f"CREATE TABLE {name}.poems (line TEXT)")
    with pytest.raises(StoreError, match="of another program"):
        PostgresDatabase(url, tmp_path)
    tables = postgres.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{name}'").stdout
    assert tables.split() == ["poems"]


def test_an_empty_database_beside_tasks_is_not_taken_for_a_new_one(
    postgres_url: str, tmp_path: Path
) -> None:
    (tmp_path / "tasks" / "task_1").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"is empty, but .*tasks holds tasks"):
        PostgresDatabase(postgres_url, tmp_path)


def test_an_older_schema_is_migrated_and_a_newer_one_refused(
    postgres_url: str, tmp_path: Path
) -> None:
    with contextlib.closing(PostgresDatabase(postgres_url, tmp_path, NUMBERS)) as database:
        asyncio.run(database.write(insert(1)))
    with contextlib.closing(PostgresDatabase(postgres_url, tmp_path, [*NUMBERS, SECOND])) as later:
        assert later.read("SELECT number, colour FROM numbers") == [(1, "red")]
    with pytest.raises(StoreError, match=r"has schema 2, .*up to 1; upgrade flowkit"):
        PostgresDatabase(postgres_url, tmp_path, NUMBERS)


def test_a_migration_that_fails_leaves_the_schema_before_it(
    postgres_url: str, tmp_path: Path
) -> None:
    PostgresDatabase(postgres_url, tmp_path, NUMBERS).close()
    with pytest.raises(StoreError, match="nowhere"):
        PostgresDatabase(postgres_url, tmp_path, [*NUMBERS, SECOND, BROKEN])
    with contextlib.closing(PostgresDatabase(postgres_url, tmp_path, NUMBERS)) as database:
        assert database.read("SELECT number FROM schema_version") == [(1,)]


def test_gateways_that_start_at_one_time_migrate_once(postgres_url: str, tmp_path: Path) -> None:
    def start() -> None:
        PostgresDatabase(postgres_url, tmp_path).close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A thread that failed would have failed the test, as a warning of pytest's does.
    start()


async def test_texts_are_ordered_by_their_bytes(database: PostgresDatabase) -> None:
    for number, text in enumerate(["b", "B", "ä", "a", "_"]):
        await database.write(insert(number, text))
    found = [text for (text,) in database.read("SELECT text FROM numbers ORDER BY text")]
    assert found == ["B", "_", "a", "b", "ä"]


async def test_a_mistake_in_a_query_is_one_and_ends_nothing(database: PostgresDatabase) -> None:
    with pytest.raises(InternalError, match="nowhere"):
        database.read("SELECT * FROM nowhere WHERE text LIKE '%' || ?", ("x",))
    assert await database.write(insert(1)) == 1


async def test_writes_of_two_gateways_take_turns(postgres_url: str, tmp_path: Path) -> None:
    """What one reads in a transaction stays so until it is committed."""

    def add(transaction: Transaction) -> None:
        found = transaction.execute("SELECT max(number) FROM numbers").fetchone()
        transaction.execute("INSERT INTO numbers VALUES (?, ?)", ((found[0] or 0) + 1, ""))

    both = [PostgresDatabase(postgres_url, tmp_path, NUMBERS) for _ in range(2)]
    await asyncio.gather(*(each.write(add) for _ in range(50) for each in both))
    assert numbers(both[0]) == list(range(1, 101))
    for each in both:
        each.close()


async def test_a_cut_connection_ends_the_use_of_the_database(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    ended = threading.Event()
    database = PostgresDatabase(postgres_url, tmp_path, NUMBERS, interrupted=ended.set)
    await database.write(insert(1))

    def cut(transaction: Transaction) -> None:
        insert(2)(transaction)
        (pid,) = transaction.execute("SELECT pg_backend_pid()").fetchone()
        postgres.sql(f"SELECT pg_terminate_backend({pid})")

    with pytest.raises(Unavailable):
        await database.write(cut)
    assert ended.is_set()
    with pytest.raises(Unavailable):
        await database.write(insert(3))
    with pytest.raises(Unavailable):
        numbers(database)
    database.close()
    with contextlib.closing(PostgresDatabase(postgres_url, tmp_path, NUMBERS)) as later:
        assert numbers(later) == [1]


async def test_who_lost_the_lease_writes_no_more(postgres_url: str, tmp_path: Path) -> None:
    PostgresDatabase(postgres_url, tmp_path).close()
    first = Lease(postgres_url, "first:1", 0.5)
    term = await first.acquire()
    database = PostgresDatabase(postgres_url, tmp_path, fence=term.fence)
    add = "INSERT INTO discarded_volumes (id) VALUES (?)"
    await database.write(lambda transaction: transaction.execute(add, ("a",)) and None)
    # It does not renew, as if it had been stopped.
    second = Lease(postgres_url, "second:2", 30.0)
    later = await second.acquire()
    assert later.number > term.number
    with pytest.raises(Unavailable):
        await database.write(lambda transaction: transaction.execute(add, ("b",)) and None)
    await asyncio.wait_for(first.keep(term), 10)
    database.close()
    with contextlib.closing(PostgresDatabase(postgres_url, tmp_path, fence=later.fence)) as now:
        assert now.read("SELECT id FROM discarded_volumes") == [("a",)]


async def test_a_lease_is_one_holders_until_it_is_given_back(
    postgres_url: str, tmp_path: Path
) -> None:
    PostgresDatabase(postgres_url, tmp_path).close()
    first, second = Lease(postgres_url, "first:1", 60.0), Lease(postgres_url, "second:2", 60.0)
    term = await first.acquire()
    waiting = asyncio.ensure_future(second.acquire())
    await asyncio.to_thread(eventually, lambda: second.holder_address)
    assert second.holder_address == "first:1"
    assert not waiting.done()
    await first.release(term)
    assert (await asyncio.wait_for(waiting, 20)).number == term.number + 1
