"""How full volumes are, as far as uploads have to know.

To count a volume's files takes long, and tasks write into it without asking. So it is counted
again when the last count is old, and before anything is refused; in between what uploads add and
deletions take away is reckoned in. Tasks may so fill a volume beyond its quota; uploads cannot,
but by what tasks have written since the last count.
"""

from __future__ import annotations

import os
import stat
import time
from asyncio import Lock
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowkit_gateway.files.paths import Names
from flowkit_gateway.files.spaces import Space
from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.files.tree import Tree
from flowkit_gateway.problems import FileNotFound, InvalidPath, PermissionDenied, QuotaExceeded

if TYPE_CHECKING:
    from flowkit_gateway.store.uploads import UploadTable

_NO_END = 2**63
_FRESH_SECONDS = 30.0
_FRESH_PER_COUNT = 20.0
"""A count that took long is good for longer, so that counting never takes more than 5 %."""


@dataclass(slots=True)
class _Usage:
    used_bytes: int
    counted_at: float
    good_for: float


class Quotas:
    """What may still be uploaded into spaces that have a quota.

    Args:
        uploads: the files that are on their way, which count as a whole from their beginning.
    """

    def __init__(self, uploads: UploadTable) -> None:
        self._uploads = uploads
        self._usages: dict[str, _Usage] = {}
        self._arriving: defaultdict[str, int] = defaultdict(int)
        self._counting: defaultdict[str, Lock] = defaultdict(Lock)

    async def demand(self, space: Space, size: int) -> int:
        """Refuse bytes for which a space has no room.

        Args:
            space: where they are to go.
            size: how many more there will be.

        Returns:
            How many bytes all open uploads may have together.

        Raises:
            QuotaExceeded: the space has not so much room.
        """
        if space.quota_bytes is None:
            return _NO_END
        usage = self._usages.get(space.id)
        old = usage is None or time.monotonic() - usage.counted_at > usage.good_for
        if old or self._room(space) < size:
            await self._count(space)
        room = self._room(space)
        demand_room(space, size, room)
        return room + self._uploads.open_bytes(space.id)

    async def arrive(self, space: Space, size: int, replaced: int) -> None:
        """Count bytes of a file that is being written.

        Args:
            space: where to, after `demand`.
            size: how many have arrived just now.
            replaced: how many it will take the place of.

        Raises:
            QuotaExceeded: the space has not so much room.
        """
        if space.quota_bytes is not None:
            if self._room(space) < size - replaced:
                await self._count(space)
            demand_room(space, size - replaced, self._room(space))
        self._arriving[space.id] += size

    def leave(self, space: Space, size: int) -> None:
        """Count bytes no more that had arrived: they are in their place, or given up."""
        self._arriving[space.id] -= size

    def added(self, space: Space, size: int) -> None:
        """Reckon in what was put into a space, or with a negative size taken away."""
        usage = self._usages.get(space.id)
        if usage is not None:
            usage.used_bytes += size

    def forget(self, space: Space) -> None:
        """Count a space anew when it is next asked about."""
        self._usages.pop(space.id, None)

    def _room(self, space: Space) -> int:
        usage = self._usages.get(space.id)
        used = usage.used_bytes if usage else 0
        reserved = self._arriving.get(space.id, 0) + self._uploads.open_bytes(space.id)
        return (space.quota_bytes or 0) - used - reserved

    async def _count(self, space: Space) -> None:
        asked = time.monotonic()
        async with self._counting[space.id]:
            usage = self._usages.get(space.id)
            if usage is None or usage.counted_at < asked:
                began = time.monotonic()
                used = await in_steps(count_bytes(space.tree))
                took = time.monotonic() - began
                good_for = max(_FRESH_SECONDS, took * _FRESH_PER_COUNT)
                self._usages[space.id] = _Usage(used, began, good_for)


def demand_room(space: Space, size: int, room: int) -> None:
    """Raise QuotaExceeded unless `size` bytes fit into `room`."""
    if size > room:
        raise QuotaExceeded(
            f"{space.id} has room for {max(room, 0)} more bytes of its quota of"
            f" {space.quota_bytes}; this needs {max(size, 1)}",
            hint="Delete files or open uploads, or make the volume larger.",
        )


def count_bytes(tree: Tree) -> Generator[None, None, int]:
    """Add up the sizes of all files of a tree, in steps; of a file with two names once."""
    total = 0
    linked: set[tuple[int, int]] = set()
    below: list[Names] = [()]
    while below:
        names = below.pop()
        try:
            with tree.place(names) as place:
                directory = place.open(os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFound, InvalidPath, PermissionDenied):
            continue  # it went away meanwhile, or nobody can use what is in it
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    yield
                    if entry.is_dir(follow_symlinks=False):
                        below.append((*names, entry.name))
                        continue
                    status = _status(entry)
                    if status is None or not stat.S_ISREG(status.st_mode):
                        continue
                    identity = (status.st_dev, status.st_ino)
                    if status.st_nlink > 1 and identity in linked:
                        continue
                    if status.st_nlink > 1:
                        linked.add(identity)
                    total += status.st_size
        finally:
            os.close(directory)
    return total


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
