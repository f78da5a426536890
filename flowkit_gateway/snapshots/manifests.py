"""What snapshots consist of: a file for each, and the ones that were used last in memory."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from flowkit.snapshot_manifest import Manifest
from flowkit_gateway.files.threads import in_thread

_MOST_ENTRIES_IN_MEMORY = 25_000
"""About half a kilobyte each. A tree of more is read anew for each call that needs it."""

Key = tuple[str, str]
"""Project and snapshot."""


class Manifests:
    """The manifests of one gateway's snapshots.

    Args:
        directory: holds a directory for each project.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # To read one takes longer than most of what is done with it, and each new snapshot is
        # looked at by several calls in a row.
        self._recent: OrderedDict[Key, Manifest] = OrderedDict()

    async def keep(self, project: str, manifest: Manifest) -> None:
        """Write a manifest to the disk itself, unless it is there.

        Raises:
            OSError: the disk is full or broken.
        """
        await in_thread(self._write, project, manifest)
        self._remember((project, manifest.id), manifest)

    async def get(self, project: str, snapshot_id: str) -> Manifest:
        """Return the manifest of a snapshot.

        Raises:
            FileNotFoundError: there is none.
        """
        key = (project, snapshot_id)
        manifest = self._recent.get(key)
        if manifest is None:
            manifest = await in_thread(self._read, project, snapshot_id)
        self._remember(key, manifest)
        return manifest

    async def remove(self, project: str, snapshot_id: str) -> None:
        """Remove the manifest of a snapshot, if it is there."""
        self._recent.pop((project, snapshot_id), None)
        await in_thread(self._path(project, snapshot_id).unlink, missing_ok=True)

    async def contents(self, project: str, ids: Iterable[str]) -> set[str]:
        """Return the SHA-256 of all contents that any of some snapshots has.

        Raises:
            FileNotFoundError: there is no such snapshot.
        """
        needed: set[str] = set()
        for snapshot_id in ids:
            needed.update((await in_thread(self._read, project, snapshot_id)).contents)
        return needed

    def _remember(self, key: Key, manifest: Manifest) -> None:
        self._recent[key] = manifest
        self._recent.move_to_end(key)
        size = sum(len(each.entries) for each in self._recent.values())
        while size > _MOST_ENTRIES_IN_MEMORY:
            _, oldest = self._recent.popitem(last=False)
            size -= len(oldest.entries)

    def _read(self, project: str, snapshot_id: str) -> Manifest:
        return Manifest.read(self._path(project, snapshot_id).read_bytes())

    def _write(self, project: str, manifest: Manifest) -> None:
        path = self._path(project, manifest.id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            return
        partial = path.with_name(f"{path.name}.partial")
        with open(partial, "wb") as file:
            file.write(manifest.text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)

    def _path(self, project: str, snapshot_id: str) -> Path:
        return self._directory / project / "manifests" / snapshot_id
