"""Garbage: what tasks, uploads and mounts leave behind, and when it goes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from flowkit.durations import format_duration
from flowkit_gateway.disk import is_low
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.files.threads import in_steps

log = logging.getLogger(__name__)

DAY = 86400.0
DEFAULT_AGES: Mapping[str, float] = {
    "workspace": 14 * DAY,
    "snapshot": 30 * DAY,
    "cache": 14 * DAY,
    "upload": DAY,
}
"""Seconds without use after which each kind goes by itself."""

_EVERY = 3600.0
_SHORTEST_AGE = 3600.0
"""Seconds without use after which a nearly full disk lets go of what could stay otherwise."""


class Garbage(NamedTuple):
    """Something that no task which has not ended uses."""

    kind: str
    """A `GarbageKind` of the contract."""
    project: str
    name: str
    size_bytes: int
    used_at: float
    """Unix time of its last use."""


class GarbageSource(Protocol):
    """Where garbage of one kind comes from."""

    kind: str

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return what was last used before a Unix time, in steps on any thread.

        Args:
            before: Unix time.
            project: only what belongs to this one.
        """

    async def remove(self, item: Garbage) -> bool:
        """Remove an item if it still is garbage; return False when it is not, or has gone."""


class Collector:
    """Removes garbage: all that is old, and when the disk is nearly full the oldest first.

    Args:
        sources: where it comes from.
        data_dir: a directory on the disk that it fills.
        disposal: where the sources throw it.
        ages: seconds without use after which each kind goes by itself.
    """

    def __init__(
        self,
        sources: Sequence[GarbageSource],
        data_dir: Path,
        disposal: Disposal,
        ages: Mapping[str, float],
    ) -> None:
        self._sources = sources
        self._data_dir = data_dir
        self._disposal = disposal
        self._ages = ages
        self._lock = asyncio.Lock()

    async def collect(
        self,
        project: str | None = None,
        *,
        kinds: Collection[str] = (),
        older_than: float | None = None,
        dry_run: bool = False,
    ) -> list[Garbage]:
        """Remove what is old.

        Args:
            project: only what belongs to this one.
            kinds: only these; all unless given.
            older_than: seconds since the last use; what is set for each kind unless given.
            dry_run: remove nothing.

        Returns:
            What went, or would go, oldest first.
        """
        async with self._lock:
            ages = {
                source.kind: self._ages[source.kind] if older_than is None else older_than
                for source in self._sources
                if not kinds or source.kind in kinds
            }
            found = await self._find(ages, project)
            if dry_run:
                return found
            return [item for item in found if await self._remove(item)]

    async def run(self) -> None:
        """Tidy up now and every hour, until it is cancelled."""
        while True:
            try:
                await self.tidy_up()
            except Exception as error:  # this hour's, whatever it is, must not end all others
                log.error("garbage could not be collected", exc_info=error)
            await asyncio.sleep(_EVERY)

    async def tidy_up(self) -> None:
        """Remove what is old, and more than that where the disk is nearly full."""
        gone = await self.collect() + await self._make_room()
        if gone:
            size = sum(item.size_bytes for item in gone)
            log.info("removed %d old things of %d bytes in all", len(gone), size)

    async def _make_room(self) -> list[Garbage]:
        await self._disposal.emptied()
        if not is_low(self._data_dir):
            return []
        async with self._lock:
            # An upload that is under way is no garbage, however full the disk is.
            ages = {kind: min(age, _SHORTEST_AGE) for kind, age in self._ages.items()}
            ages["upload"] = self._ages["upload"]
            gone = []
            for item in await self._find(ages, None):
                if not is_low(self._data_dir):
                    break
                if await self._remove(item):
                    gone.append(item)
                    await self._disposal.emptied()
            return gone

    async def _find(self, ages: Mapping[str, float], project: str | None) -> list[Garbage]:
        now = time.time()
        found: list[Garbage] = []
        for source in self._sources:
            if source.kind in ages:
                found += await in_steps(source.find(now - ages[source.kind], project))
        return sorted(found, key=lambda item: item.used_at)

    async def _remove(self, item: Garbage) -> bool:
        for source in self._sources:
            try:
                if source.kind == item.kind and await source.remove(item):
                    age = format_duration(round(time.time() - item.used_at))
                    log.info("removed the %s %s, not used for %s", item.kind, item.name, age)
                    return True
            except OSError as error:
                log.warning("cannot remove the %s %s: %s", item.kind, item.name, error)
        return False


def size_of(path: Path) -> Generator[None, None, int]:
    """Return the bytes of the files below a directory, in steps; no link is followed."""
    size = 0
    directories = [str(path)]
    while directories:
        try:
            with os.scandir(directories.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        directories.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_size
                    yield
        except OSError:
            # What cannot be looked into, or goes meanwhile, has no size that anyone could free.
            continue
    return size
