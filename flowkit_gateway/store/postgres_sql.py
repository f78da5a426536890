"""The few places where PostgreSQL's SQL differs from SQLite's, in which all statements are."""

from __future__ import annotations

import re
from functools import lru_cache

_TYPES = {
    # Ids and names are ordered by their bytes, as in SQLite, whatever the database's locale is.
    "TEXT": 'TEXT COLLATE "C"',
    "INTEGER": "BIGINT",
    "REAL": "DOUBLE PRECISION",
    "BLOB": "BYTEA",
    " WITHOUT ROWID": "",
}
_TYPE = re.compile(r"\b(?:TEXT|INTEGER|REAL|BLOB)\b| WITHOUT ROWID")
_ONLY_SQLITE = re.compile(r" INDEXED BY \w+|(?<= )CROSS (?=JOIN \w+ ON )")
"""What tells SQLite's planner, which keeps no statistics, where to begin."""


@lru_cache(maxsize=1024)
def statement(query: str) -> str:
    """Return a statement for PostgreSQL.

    Args:
        query: it for SQLite, with `?` for values and for nothing else.

    Example:
        >>> statement("SELECT id FROM tasks INDEXED BY tasks_by_name WHERE name = ?")
        'SELECT id FROM tasks WHERE name = %s'
    """
    return _ONLY_SQLITE.sub("", query).replace("%", "%%").replace("?", "%s")


def schema(script: str) -> str:
    """Return a migration for PostgreSQL.

    Example:
        >>> schema("CREATE TABLE keys (number INTEGER PRIMARY KEY) WITHOUT ROWID;")
        'CREATE TABLE keys (number BIGINT PRIMARY KEY);'
    """
    return _TYPE.sub(lambda found: _TYPES[found.group()], script)
