"""The schema, as steps that bring an older database up to date, in the SQL of SQLite."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple


class Migration(NamedTuple):
    """One step; it is never changed once a release has it."""

    number: int
    script: str


def all_migrations() -> list[Migration]:
    """Return the steps of this release, oldest first: the files `NNNN_name.sql` beside this one."""
    scripts = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".sql"))
    return sorted(Migration(int(script.name[:4]), script.read_text()) for script in scripts)
