"""Copies of git repositories that no task has been checked out from for long, as garbage."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.garbage import Garbage, size_of


class GitMirrorGarbage:
    """Implements `garbage.GarbageSource`; a copy that is needed again is fetched again.

    Args:
        directory: holds a directory for each project, which has one for each repository.
        disposal: removes the copies.
        is_in_use: says if a copy is being read or written just now.
    """

    kind = "cache"

    def __init__(
        self, directory: Path, disposal: Disposal, is_in_use: Callable[[Path], bool]
    ) -> None:
        self._directory = directory
        self._disposal = disposal
        self._is_in_use = is_in_use

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return the copies that were last used before a Unix time."""
        found = []
        for each in _names(self._directory) if project is None else [project]:
            for name in _names(self._directory / each):
                mirror = self._directory / each / name
                used_at = mirror.stat().st_mtime
                if used_at < before and not self._is_in_use(mirror):
                    size = yield from size_of(mirror)
                    found.append(Garbage(self.kind, each, name, size, used_at))
        return found

    async def remove(self, item: Garbage) -> bool:
        """Remove a copy, unless a task has begun to use it."""
        mirror = self._directory / item.project / item.name
        # Without a wait between the two, as tasks begin to use copies on this very loop.
        return not self._is_in_use(mirror) and self._disposal.throw_away(mirror)


def _names(directory: Path) -> Iterator[str]:
    try:
        return iter(os.listdir(directory))
    except FileNotFoundError:
        return iter(())
