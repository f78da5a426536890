# Written by `make regen` from flowkit/_async/snapshots.py: edit that file.
"""`flow.snapshots`: source trees on their way to the gateway."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flowkit_api.api.snapshots import (
    create_snapshot,
    get_snapshot,
    list_snapshots,
    upload_snapshot_objects,
)
from flowkit_api.models import Snapshot, SnapshotCreate, SnapshotEntry, SnapshotEntryType

from flowkit._sync.paging import listed
from flowkit.code.known_trees import KnownTree
from flowkit.code.packing import Pack
from flowkit.code.tree import Tree, scan, scan_data
from flowkit.errors import (
    APIConnectionError,
    FileChanged,
    FlowError,
    InvalidTaskConfig,
    SnapshotNotFound,
)
from flowkit.snapshot_manifest import FILE, SYMLINK, Entry, Manifest
from flowkit.transport.retries import RETRIED_STATUSES, RetryPolicy

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport

log = logging.getLogger("flowkit")

_ENTRIES_OF_A_CALL = 20_000
"""Most entries that are described at once: a request may have 16 MiB."""
_TIMES_READ = 3
"""How often a tree is read whose files change while they are sent."""


class Snapshots:
    """Everything that can be done with snapshots.

    Args:
        api: What to send with.
    """

    def __init__(self, api: Transport) -> None:
        self._api = api

    def create(self, directory: str | os.PathLike[str] = ".") -> Snapshot:
        """Send a source tree; only what the gateway lacks of it travels.

        What git ignores stays here, and what `.flowkitignore` says in git's own syntax.

        Args:
            directory: The tree.

        Raises:
            InvalidTaskConfig: it is no directory, or a file in it cannot be read.
            InvalidPath: a link leaves it, or a name in it cannot be sent.
            PayloadTooLarge: it is larger than `FLOWKIT_CODE_LIMIT`; the message names the largest
                files.
            FileChanged: a file changes again and again while it is sent.
            StorageFull: the gateway's disk is full.

        Example:
            >>> import tempfile
            >>> with Flow() as flow:
            ...     with tempfile.TemporaryDirectory() as tree:
            ...         snapshot = flow.snapshots.create(tree)
            >>> snapshot.complete, snapshot.file_count
            (True, 0)
        """
        return self._create(scan, _absolute(directory))

    def create_source(self, path: str | os.PathLike[str]) -> str:
        """Send data as it is, and return the source that it is mounted from.

        Args:
            path: A directory or a file.

        Raises:
            FlowError: as for `create`.
            InvalidMount: it is neither a directory nor a file.
        """
        data = _absolute(path)
        snapshot = self._create(scan_data, data)
        path = _path_in_snapshot(data)
        return f"snapshot://{snapshot.id}{path}"

    def _create(self, read: Callable[[Path], Tree], path: Path) -> Snapshot:
        """Send what is read of a path, and once more what changes meanwhile."""
        changed: Sequence[str] = ()
        for _ in range(_TIMES_READ):
            known = KnownTree(read(path))
            manifest = known.manifest()
            snapshot, changed = self._send(known, manifest)
            if not changed:
                known.remember(manifest)
                _say_skipped(known)
                return snapshot
        raise FileChanged(
            f"{changed[0]} changes while it is sent",
            hint="wait until it is written, or list it in .flowkitignore",
        )

    def get(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot, with the contents that the gateway lacks of it.

        Raises:
            SnapshotNotFound: there is none.
        """
        request = get_snapshot.request(snapshot_id=snapshot_id)
        return self._api.call(request, get_snapshot.parse)

    def _send(self, known: KnownTree, manifest: Manifest) -> tuple[Snapshot, Sequence[str]]:
        """Bring a snapshot to the gateway; return also the files that changed meanwhile."""
        try:
            snapshot = self.get(manifest.id)
        except SnapshotNotFound:
            snapshot = self._describe(known, manifest)
        failures = 0
        while not snapshot.complete:
            missing = snapshot.missing or []
            pack = Pack(known.tree.top, _files_with(manifest, missing), known.contents)
            request = upload_snapshot_objects.request(snapshot_id=manifest.id, body=_parts(pack))
            try:
                snapshot = self._api.call(request, upload_snapshot_objects.parse)
            except FlowError as error:
                if pack.changed:
                    return snapshot, pack.changed
                if not _is_passing(error):
                    raise
                failures += 1
                delay = RetryPolicy().delay(failures - 1, error.retry_after)
                if delay is None:
                    raise
                time.sleep(delay)
                snapshot = self.get(manifest.id)
                if len(snapshot.missing or []) < len(missing):
                    failures = 0
            if pack.changed:
                return snapshot, pack.changed
        return snapshot, []

    def _describe(self, known: KnownTree, manifest: Manifest) -> Snapshot:
        """Tell the gateway what a tree consists of: what is new since the last one, or all."""
        base = known.base()
        if base is not None:
            entries, removed = manifest.changes_since(base)
            if len(entries) + len(removed) <= _ENTRIES_OF_A_CALL:
                try:
                    return self._tell(entries, base.id, removed)
                except SnapshotNotFound:
                    log.debug("the gateway does not have %s any more", base.id)
        # Links last: what they lead through is in the tree then.
        entries = sorted(manifest.entries.values(), key=lambda entry: entry.type == SYMLINK)
        snapshot = self._tell(entries[:_ENTRIES_OF_A_CALL], None, [])
        for begin in range(_ENTRIES_OF_A_CALL, len(entries), _ENTRIES_OF_A_CALL):
            more = entries[begin : begin + _ENTRIES_OF_A_CALL]
            snapshot = self._tell(more, snapshot.id, [])
        return snapshot

    def _tell(self, entries: Sequence[Entry], base: str | None, removed: Sequence[str]) -> Snapshot:
        body = SnapshotCreate(
            base_snapshot_id=base,
            entries=[_document(entry) for entry in entries],
            removed=list(removed) or None,
        )
        return self._api.call(create_snapshot.request(body=body), create_snapshot.parse)

    def list(self, *, limit: int | None = None) -> Iterator[Snapshot]:
        """Yield the project's snapshots, newest first, each page fetched when it is needed.

        Args:
            limit: Most snapshots; None for all.
        """
        request = partial(list_snapshots.request)
        for snapshot in listed(self._api, request, list_snapshots.parse, limit=limit):
            yield snapshot


def _absolute(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise InvalidTaskConfig(
            f"invalid directory of type {type(path).__name__}", hint="name one by its path"
        )
    return Path(os.path.abspath(os.path.expanduser(path)))


def _path_in_snapshot(data: Path) -> str:
    return f"/{data.resolve().name}" if data.is_file() else ""


def _say_skipped(known: KnownTree) -> None:
    if skipped := known.tree.skipped:
        more = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        log.warning("left out, as it is no file: %s%s", skipped[0], more)


def _files_with(manifest: Manifest, hashes: Sequence[str]) -> list[Entry]:
    """Return one file of each content, in the order in which they are on the disk."""
    wanted = set(hashes)
    files: list[Entry] = []
    for entry in manifest.entries.values():
        if entry.type == FILE and entry.sha256 in wanted:
            wanted.remove(entry.sha256)
            files.append(entry)
    return files


def _parts(pack: Pack) -> Iterator[bytes]:
    parts = pack.parts()
    while (part := next(parts, None)) is not None:
        yield part


def _is_passing(error: FlowError) -> bool:
    return isinstance(error, APIConnectionError) or error.status in RETRIED_STATUSES


def _document(entry: Entry) -> SnapshotEntry:
    if entry.type == FILE:
        return SnapshotEntry(
            path=entry.path,
            type=SnapshotEntryType.FILE,
            mode=entry.mode,
            size_bytes=entry.size_bytes,
            sha256=entry.sha256,
        )
    if entry.type == SYMLINK:
        return SnapshotEntry(path=entry.path, type=SnapshotEntryType.SYMLINK, target=entry.target)
    return SnapshotEntry(path=entry.path, type=SnapshotEntryType.DIRECTORY, mode=entry.mode)
