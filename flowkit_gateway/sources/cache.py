"""The fetched sources on disk: `PROJECT/KEY/` with `data`, `about` and `users`."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Generator, Iterator
from pathlib import Path

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.garbage import Garbage
from flowkit_gateway.store.store import Store

_PARTIAL = "partial."


class Entry:
    """What was fetched of one source at one time.

    Args:
        directory: Its own.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"

    def is_there(self) -> bool:
        """Say whether it was fetched as a whole."""
        return self.directory.is_dir()

    def partial(self) -> Entry:
        """Make a new place beside it, in which to fetch it."""
        partial = Entry(self.directory.with_name(f"{_PARTIAL}{secrets.token_hex(8)}"))
        (partial.directory / "users").mkdir(mode=0o700, parents=True)
        return partial

    def publish(self, partial: Entry, url: str, size: int) -> None:
        """Move what was fetched as a whole to this place, unless it is there."""
        about = json.dumps({"url": url, "size_bytes": size})
        (partial.directory / "about").write_text(about)
        if not self.is_there():
            os.rename(partial.directory, self.directory)

    def note_user(self, task_id: str) -> None:
        """Keep it for a task, until that has ended, and note that it is used now."""
        (self.directory / "users" / task_id).touch()
        os.utime(self.directory)

    def users(self) -> list[str]:
        """Name the tasks that it was kept for."""
        return os.listdir(self.directory / "users")

    def garbage(self, project: str) -> Garbage:
        """Describe it, should nothing use it any more."""
        about = json.loads((self.directory / "about").read_text())
        used_at = self.directory.stat().st_mtime
        return Garbage("cache", project, self.directory.name, about["size_bytes"], used_at)


class SourceCache:
    """All that was fetched. Implements `garbage.GarbageSource`.

    Args:
        directory: Where it is kept; created when it is needed.
        disposal: Removes what is to go.
        store: Knows which tasks have ended.
    """

    kind = "cache"

    def __init__(self, directory: Path, disposal: Disposal, store: Store) -> None:
        self._directory = directory
        self._disposal = disposal
        self._store = store

    @property
    def directory(self) -> Path:
        """An existing directory on the disk that it fills."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._directory

    def entry(self, project: str, key: str) -> Entry:
        """Return the place of what a key names."""
        return Entry(self.directory / project / key)

    def throw_away(self, entry: Entry) -> None:
        """Remove an entry."""
        self._disposal.throw_away(entry.directory)

    def clean(self) -> None:
        """Remove what an earlier gateway was fetching when it ended, before this one fetches."""
        for project in _names(self._directory):
            for name in _names(self._directory / project):
                if name.startswith(_PARTIAL):
                    self._disposal.throw_away(self._directory / project / name)

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return what was last used before a Unix time, by tasks that have all ended."""
        found = []
        for each in _names(self._directory) if project is None else (project,):
            for key in _names(self._directory / each):
                yield
                entry = Entry(self._directory / each / key)
                if not key.startswith(_PARTIAL) and self._is_unused(entry):
                    garbage = entry.garbage(each)
                    if garbage.used_at < before:
                        found.append(garbage)
        return found

    async def remove(self, item: Garbage) -> bool:
        """Remove an entry, unless a task has begun to use it."""
        entry = Entry(self._directory / item.project / item.name)
        # Without a wait between the two, as tasks are noted on this very loop.
        if not entry.is_there() or not self._is_unused(entry):
            return False
        self.throw_away(entry)
        return True

    def _is_unused(self, entry: Entry) -> bool:
        rows = map(self._store.find_task, entry.users())
        return all(row is None or row.terminal for row in rows)


def _names(directory: Path) -> Iterator[str]:
    try:
        return iter(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return iter(())
