"""Snapshots that nothing uses any more, as garbage."""

from __future__ import annotations

from collections.abc import Generator

from flowkit_gateway.garbage import Garbage
from flowkit_gateway.snapshots.snapshots import Snapshots


class SnapshotGarbage:
    """Implements `garbage.GarbageSource`.

    Args:
        snapshots: the snapshots.
    """

    kind = "snapshot"

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return the snapshots that were last used before a Unix time and that no task needs."""
        yield
        return [
            Garbage(self.kind, row.project, row.id, row.size_bytes, row.used_at)
            for row in self._snapshots.unused_since(before, project)
        ]

    async def remove(self, item: Garbage) -> bool:
        """Remove a snapshot, unless it was used after it had been found."""
        return await self._snapshots.remove(item.project, item.name, item.used_at)
