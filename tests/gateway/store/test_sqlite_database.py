"""The file beneath the store: grouped commits, full disks, damaged files and older schemas."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from flowkit_gateway.problems import InternalError, StorageFull, Unavailable
from flowkit_gateway.store.database import StoreError, Transaction
from flowkit_gateway.store.migrations import Migration, all_migrations
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from tests.gateway.store.numbers import NUMBERS, insert, numbers, together


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SQLiteDatabase]:
    """A database with a table `numbers`."""
    opened = SQLiteDatabase(tmp_path / "test.db", NUMBERS)
    yield opened
    opened.close()


async def test_a_write_that_ends_the_transaction_does_not_take_its_neighbours_along(
    database: SQLiteDatabase,
) -> None:
    """Some errors, such as a full disk, make SQLite roll back everything that is not durable."""

    def work(connection: Transaction) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("as SQLite does")

    results = await together(database, insert(1), work, insert(2))
    assert results[0] == 1
    assert isinstance(results[1], InternalError)
    assert results[2] == 2
    assert numbers(database) == [1, 2]


async def test_a_commit_that_fails_is_tried_for_each_alone(tmp_path: Path) -> None:
    schema = (
        "CREATE TABLE parents (number INTEGER PRIMARY KEY);"
        "CREATE TABLE numbers (number INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED,"
        " text TEXT);"
    )
    database = SQLiteDatabase(tmp_path / "test.db", [Migration(1, schema)])

    def with_parent(connection: Transaction) -> None:
        connection.execute("INSERT INTO parents VALUES (1)")
        insert(1)(connection)

    # COMMIT checks a deferred constraint, and nothing before it does.
    results = await together(database, insert(99), with_parent)
    assert isinstance(results[0], InternalError)
    assert results[1] is None
    assert numbers(database) == [1]
    database.close()


async def test_a_full_database_refuses_and_keeps_what_it_has(database: SQLiteDatabase) -> None:
    await database.write(insert(1))
    (pages,) = database.read("PRAGMA page_count")[0]
    await database.write(lambda writer: writer.execute(f"PRAGMA max_page_count = {pages + 2}"))
    results = await together(database, insert(2), insert(3, "x" * 100_000), insert(4))
    assert results[0] == 2
    assert isinstance(results[1], StorageFull)
    assert results[2] == 4
    assert numbers(database) == [1, 2, 4]
    await database.write(lambda writer: writer.execute("PRAGMA max_page_count = 100000"))
    await database.write(insert(3, "x" * 100_000))
    assert numbers(database) == [1, 2, 3, 4]


def mount(folder: Path, options: str) -> bool:
    """Mount a disk of memory, or mount it anew with other options; return whether that worked."""
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of 1 MB."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "size=1m"):
        pytest.skip("cannot mount here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_refuses_until_there_is_space(small_disk: Path) -> None:
    database = SQLiteDatabase(small_disk / "test.db", NUMBERS)
    done: list[int] = []

    async def fill() -> None:
        while True:
            done.append(await database.write(insert(len(done), "x" * 10_000)))

    with pytest.raises(StorageFull):
        await fill()
    assert numbers(database) == done
    assert mount(small_disk, "remount,size=8m")
    done.append(await database.write(insert(len(done), "after")))
    assert numbers(database) == done
    database.close()
    database = SQLiteDatabase(small_disk / "test.db", NUMBERS)
    assert numbers(database) == done
    database.close()


def test_a_full_disk_is_told_at_the_start(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(StoreError, match=r"cannot be written .*space"):
        SQLiteDatabase(small_disk / "test.db", NUMBERS)


def test_a_read_only_disk_is_told_at_the_start(small_disk: Path) -> None:
    SQLiteDatabase(small_disk / "test.db", NUMBERS).close()
    assert mount(small_disk, "remount,ro")
    with pytest.raises(StoreError, match="cannot be written"):
        SQLiteDatabase(small_disk / "test.db", NUMBERS)


async def test_a_locked_database_is_unavailable_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.store.sqlite_database._LOCK_TIMEOUT", 0.05)
    database = SQLiteDatabase(tmp_path / "test.db", NUMBERS)
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await database.write(insert(1))
        assert numbers(database) == []
        other.execute("ROLLBACK")
    assert await database.write(insert(1)) == 1
    database.close()


def test_a_new_database_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "test.db"
    SQLiteDatabase(path, NUMBERS).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        SQLiteDatabase(tmp_path / "file" / "test.db")


def test_a_directory_where_no_file_can_be_made_is_told() -> None:
    with pytest.raises(StoreError, match=r"/proc/self/test\.db cannot be written"):
        SQLiteDatabase(Path("/proc/self/test.db"))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed database that holds more than one page."""
    database = SQLiteDatabase(tmp_path / "test.db", NUMBERS)

    async def fill() -> None:
        for number in range(100):
            await database.write(insert(number, "x" * 1000))

    asyncio.run(fill())
    database.close()
    return database.path


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    path.write_bytes(b"once upon a time " * 1000)
    with pytest.raises(StoreError, match=r"is damaged .*restore it from a backup"):
        SQLiteDatabase(path, NUMBERS)
    assert path.read_bytes().startswith(b"once upon a time")


def test_a_truncated_database_is_told(filled: Path) -> None:
    with filled.open("r+b") as file:
        file.truncate(filled.stat().st_size // 2)
    with pytest.raises(StoreError, match="is damaged"):
        SQLiteDatabase(filled, NUMBERS)


def test_a_damaged_page_is_told_when_it_is_read(filled: Path) -> None:
    with filled.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (filled.stat().st_size - 4096))
    database = SQLiteDatabase(filled, NUMBERS)
    with pytest.raises(InternalError, match="malformed"):
        numbers(database)
    database.close()


def test_an_emptied_database_beside_tasks_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "task_1").mkdir(parents=True)
    (tmp_path / "test.db").touch()
    with pytest.raises(StoreError, match=r"is empty, but .*tasks holds tasks"):
        SQLiteDatabase(tmp_path / "test.db", NUMBERS)


def test_an_empty_database_alone_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "test.db").touch()
    database = SQLiteDatabase(tmp_path / "test.db", NUMBERS)
    assert numbers(database) == []
    database.close()


SECOND = Migration(2, "ALTER TABLE numbers ADD COLUMN colour TEXT DEFAULT 'red';")
BROKEN = Migration(3, "CREATE TABLE more (id TEXT); INSERT INTO nowhere VALUES (1);")


def test_an_older_schema_is_migrated_after_a_backup(filled: Path) -> None:
    database = SQLiteDatabase(filled, [*NUMBERS, SECOND])
    assert database.read("SELECT DISTINCT colour FROM numbers") == [("red",)]
    assert len(numbers(database)) == 100
    database.close()
    backup = filled.with_name("test.db.schema-1.backup")
    assert backup.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM numbers").fetchone() == (100,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(filled.parent.glob("*.partial"))


def test_a_migration_happens_once(filled: Path) -> None:
    SQLiteDatabase(filled, [*NUMBERS, SECOND]).close()
    filled.with_name("test.db.schema-1.backup").unlink()
    SQLiteDatabase(filled, [*NUMBERS, SECOND]).close()
    assert not list(filled.parent.glob("*.backup"))


def test_a_migration_that_fails_leaves_the_schema_before_it(filled: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        SQLiteDatabase(filled, [*NUMBERS, SECOND, BROKEN])
    database = SQLiteDatabase(filled, [*NUMBERS, SECOND])
    assert database.read("PRAGMA user_version") == [(2,)]
    assert database.read("SELECT name FROM sqlite_master WHERE name = 'more'") == []
    database.close()


def test_a_newer_schema_is_refused_and_left_alone(filled: Path) -> None:
    SQLiteDatabase(filled, [*NUMBERS, SECOND]).close()
    before = filled.read_bytes()
    with pytest.raises(StoreError, match=r"has schema 2, .*up to 1; upgrade flowkit"):
        SQLiteDatabase(filled, NUMBERS)
    assert filled.read_bytes() == before


def test_a_disk_too_full_for_the_backup_leaves_the_schema(small_disk: Path) -> None:
    path = small_disk / "test.db"
    database = SQLiteDatabase(path, NUMBERS)
    asyncio.run(database.write(insert(1, "x" * 300_000)))
    database.close()
    (small_disk / "filler").write_bytes(b"x" * 500_000)
    with pytest.raises(StoreError, match="space"):
        SQLiteDatabase(path, [*NUMBERS, SECOND])
    assert mount(small_disk, "remount,size=8m")
    database = SQLiteDatabase(path, [*NUMBERS, SECOND])
    assert database.read("PRAGMA user_version") == [(2,)]
    database.close()


def test_the_migrations_of_this_release_are_numbered_without_gaps() -> None:
    migrations = all_migrations()
    assert [each.number for each in migrations] == list(range(1, len(migrations) + 1))


def test_the_log_of_a_large_transaction_does_not_stay_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.store.sqlite_database._MOST_LOG_BYTES", 100_000)
    database = SQLiteDatabase(tmp_path / "test.db", NUMBERS)

    async def fill() -> None:
        await database.write(insert(0, "x" * 10_000_000))
        for number in range(1, 5):
            await database.write(insert(number, "x"))

    asyncio.run(fill())
    assert (tmp_path / "test.db-wal").stat().st_size < 1_000_000
    database.close()
