"""Databases that cannot be used: the start says why, and nothing of them is overwritten."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.crash.house import House

USE = """
from flowkit import Flow
with Flow() as flow:
    for task in flow.tasks.create_many([{"command": "true", "cpus": 0.1}] * 100):
        task.wait()
"""

Damage = Callable[[Path], None]


def truncate(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2)


def truncate_to_a_header(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(100)


def empty(database: Path) -> None:
    database.write_bytes(b"")


def remove(database: Path) -> None:
    database.unlink()


def overwrite_all(database: Path) -> None:
    database.write_bytes(b"this is no database at all, but a text of some length\n" * 1000)


def overwrite_all_but_the_first_page(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (database.stat().st_size - 4096))


def overwrite_documents(database: Path) -> None:
    execute(database, "UPDATE tasks SET settings = '{', status = 'pending'")


def make_newer(database: Path) -> None:
    execute(database, "PRAGMA user_version = 999")


def make_anothers(database: Path) -> None:
    database.unlink()
    execute(database, "CREATE TABLE tasks (title TEXT, done INTEGER)")


def make_a_directory(database: Path) -> None:
    database.unlink()
    database.mkdir()


def execute(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(statement)
    connection.close()


DAMAGES: dict[Damage, bytes] = {
    truncate: b"damaged",
    truncate_to_a_header: b"damaged",
    empty: b"restore the database from a backup",
    remove: b"restore the database from a backup",
    overwrite_all: b"damaged",
    overwrite_all_but_the_first_page: b"damaged",
    overwrite_documents: b"damaged",
    make_newer: b"has schema 999, but this release knows schemas up to",
    make_anothers: b"database of another program",
    make_a_directory: b"cannot be",
}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which tasks have run."""
    house = House(tmp_path_factory.mktemp("used") / "home")
    try:
        client = house.python("-c", USE)
        output, _ = client.communicate(timeout=60)
        assert client.returncode == 0, output
        assert house.flowkit("gateway", "stop").returncode == 0
    finally:
        house.end()
    return house.data_dir


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
def test_a_database_that_cannot_be_used(house: House, used: Path, damage: Damage) -> None:
    shutil.copytree(used, house.data_dir)
    database = house.data_dir / "flowkit.db"
    damage(database)
    before = content(house.data_dir)

    served = house.python(
        "-m", "flowkit_gateway", "serve", "--data-dir", house.data_dir, "--port", "0"
    )
    output, _ = served.communicate(timeout=30)

    assert served.returncode == 1, output
    assert b"Traceback" not in output
    assert str(database).encode() in output
    assert DAMAGES[damage] in output
    assert len(output.splitlines()) == 1
    assert content(house.data_dir) == before


def content(data_dir: Path) -> dict[str, bytes]:
    """Read everything that matters in a data directory."""
    ignored = ("gateway.log", "start.lock", "gateway.lock")
    return {
        str(path.relative_to(data_dir)): path.read_bytes()
        for path in data_dir.rglob("*")
        if path.is_file() and path.name not in ignored
    }


def test_a_client_hears_of_it_and_goes_on_with_a_restored_database(
    house: House, used: Path
) -> None:
    """A copy of the directory, made while no gateway ran, is all that a backup needs."""
    shutil.copytree(used, house.data_dir)
    truncate(house.data_dir / "flowkit.db")
    failed = house.flowkit("ps")
    assert failed.returncode == 5
    assert b"flowkit.db is damaged" in failed.stderr
    assert b"Traceback" not in failed.stderr

    shutil.copy(used / "flowkit.db", house.data_dir / "flowkit.db")

    assert house.flowkit("run", "exit 4").returncode == 4
    assert b"completed" in house.flowkit("ps", "--all").stdout
