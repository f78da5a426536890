"""Uploads that nobody goes on with, as garbage."""

from __future__ import annotations

from collections.abc import Generator

from flowkit_gateway.files.uploads import Uploads
from flowkit_gateway.garbage import Garbage


class UploadGarbage:
    """Implements `garbage.GarbageSource`.

    Args:
        uploads: all of them.
    """

    kind = "upload"

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return the uploads of which nothing has arrived since a Unix time."""
        found = []
        for row in self._uploads.all():
            yield
            last = self._uploads.last_use(row)
            if last.at < before and project in (None, row.project):
                found.append(Garbage(self.kind, row.project, row.id, last.size_bytes, last.at))
        return found

    async def remove(self, item: Garbage) -> bool:
        """Give an upload up unless it is gone, or something of it has arrived meanwhile."""
        return await self._uploads.give_up(item.name, item.used_at)
