"""Copies of snapshots that are made before a task needs them."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path

from flowkit.snapshot_manifest import Manifest
from flowkit_gateway.disk import has_room, is_low
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.files.threads import in_steps, in_thread
from flowkit_gateway.problems import SnapshotNotFound
from flowkit_gateway.snapshots.copies import Source

log = logging.getLogger(__name__)

_WORTH_A_SPARE = 200
"""Files from which on a copy takes so long that one is kept ready."""
_MOST_SPARES = 8
_MOST_SPARE_BYTES = 4 * 1024**3
_SIMILAR = 4
"""A snapshot is similar to another if no more than one entry in so many differs."""

Key = tuple[str, str]
"""Project and snapshot."""
ManifestOf = Callable[[str, str], Awaitable[Manifest]]


class Spares:
    """Copies of the snapshots that were used last, ready to be moved to where a task starts.

    Creating ten thousand files takes a good part of a second; moving a directory takes none. Each
    copy goes to one task, and the next one is made while that runs. Where code has changed a little
    since the last task, the copy of the code before is changed instead of thrown away.

    Args:
        directory: for this alone, on the disk where tasks run.
        disposal: removes copies that are not needed.
        manifest_of: returns what a snapshot consists of; raises SnapshotNotFound.
    """

    def __init__(self, directory: Path, disposal: Disposal, manifest_of: ManifestOf) -> None:
        self._directory = directory
        self._disposal = disposal
        self._manifest_of = manifest_of
        self._sizes: OrderedDict[Key, int] = OrderedDict()
        self._making: dict[Key, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Semaphore()

    def open(self) -> None:
        """Remove what an earlier gateway had ready: nobody knows whether it is whole."""
        self._disposal.throw_away(self._directory)

    async def close(self) -> None:
        """Make no more copies."""
        making = list(self._making.values())
        for each in making:
            each.cancel()
        if making:
            await asyncio.wait(making)

    async def take(self, key: Key, source: Source, into: Path) -> None:
        """Make a task's private copy, from one that is ready if there is one.

        Args:
            key: the snapshot.
            source: what it consists of.
            into: where the copy is to be; nothing is there yet.

        Raises:
            OSError: the disk is full or broken.
        """
        making = self._making.get(key)
        if making is not None:
            # What is under way is there sooner than what would be begun now.
            await asyncio.wait([making])
        if self._sizes.pop(key, None) is not None:
            os.rename(self._path(key), into)
        else:
            await self._fill(key, source, into)
        self._make_soon(key, source, self._copy)

    def expect(self, key: Key, source: Source) -> None:
        """Make a copy ready of a snapshot that has just arrived, if it is worth it.

        It takes the place of a similar one, from which its user has gone on.
        """
        self._make_soon(key, source, self._fill)

    def drop(self, key: Key) -> None:
        """Remove the copy of a snapshot that goes."""
        if (making := self._making.get(key)) is not None:
            making.cancel()
        if self._sizes.pop(key, None) is not None:
            self._disposal.throw_away(self._path(key))

    def _make_soon(
        self, key: Key, source: Source, make: Callable[[Key, Source, Path], Awaitable[None]]
    ) -> None:
        if key in self._sizes or key in self._making:
            return
        size = source.manifest.size_bytes
        if len(source.manifest.entries) < _WORTH_A_SPARE or size > _MOST_SPARE_BYTES:
            return
        self._making[key] = asyncio.get_running_loop().create_task(self._make(key, source, make))

    async def _make(
        self, key: Key, source: Source, make: Callable[[Key, Source, Path], Awaitable[None]]
    ) -> None:
        try:
            async with self._one_at_a_time:
                if is_low(self._directory.parent):
                    return
                await make(key, source, self._path(key))
            self._sizes[key] = source.manifest.size_bytes
            self._make_room()
        except OSError as error:
            # The task that needs it makes its own, and says what is wrong.
            log.warning("no copy of %s is kept ready: %s", key[1], error)
        finally:
            del self._making[key]
            if key not in self._sizes:
                self._disposal.throw_away(self._path(key))

    async def _fill(self, key: Key, source: Source, into: Path) -> None:
        """Make a copy, out of one of a similar snapshot if there is one."""
        similar = await self._take_similar(key, source)
        if similar is None:
            await self._copy(key, source, into)
            return
        base, manifest = similar
        os.makedirs(into.parent, 0o700, exist_ok=True)
        os.rename(self._path(base), into)
        await in_steps(source.change(into, manifest))

    async def _copy(self, key: Key, source: Source, into: Path) -> None:
        size = source.manifest.size_bytes
        if not has_room(self._directory.parent, size):
            # Before it is full: the outcomes of tasks that run are still to be written down.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        await in_steps(source.copy_to(into))

    async def _take_similar(self, key: Key, source: Source) -> tuple[Key, Manifest] | None:
        """Return a snapshot whose copy may be made one of another, and what it consists of."""
        most = len(source.manifest.entries) // _SIMILAR
        for base in reversed(self._sizes.copy()):
            if base[0] != key[0]:
                continue
            try:
                manifest = await self._manifest_of(*base)
            except (SnapshotNotFound, OSError):
                continue
            changed, removed = await in_thread(source.manifest.changes_since, manifest)
            # Another task may have taken it meanwhile.
            if len(changed) + len(removed) <= most and self._sizes.pop(base, None) is not None:
                return base, manifest
        return None

    def _make_room(self) -> None:
        while len(self._sizes) > _MOST_SPARES or sum(self._sizes.values()) > _MOST_SPARE_BYTES:
            oldest, _ = self._sizes.popitem(last=False)
            self._disposal.throw_away(self._path(oldest))

    def _path(self, key: Key) -> Path:
        return self._directory / key[0] / key[1]
