"""Snapshots of a gateway: described, filled, copied for tasks, and removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from flowkit import errors
from flowkit.snapshot_manifest import Entry, Manifest
from flowkit_gateway.call import ClientGone
from flowkit_gateway.disk import has_room
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.files.faults import problem_of
from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.problems import (
    ChecksumMismatch,
    Detail,
    InvalidPath,
    InvalidRequest,
    SnapshotIncomplete,
    SnapshotNotFound,
    StorageFull,
)
from flowkit_gateway.snapshots.copies import Source
from flowkit_gateway.snapshots.manifests import Manifests
from flowkit_gateway.snapshots.packs import Packs
from flowkit_gateway.snapshots.receiving import Receiver
from flowkit_gateway.snapshots.spares import Spares
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.snapshots import SnapshotRow, SnapshotTable, need

MOST_ENTRIES = 1_000_000
_BATCH_BYTES = 256 * 1024
_SAVED_BYTES = 32 * 1024 * 1024
"""Bytes of contents that a death of the gateway may cost an upload."""


class Described(NamedTuple):
    """A snapshot and what the gateway lacks of it."""

    row: SnapshotRow
    missing: list[str]


class Snapshots:
    """The snapshots of one gateway.

    Contents are kept once a project, and never shared between projects: to know the hash of a
    file must not be a way to the file.

    Args:
        database: where the rows are.
        data_dir: holds the directories `snapshots` and `spares`.
        disposal: removes directories.
    """

    def __init__(self, database: Database, data_dir: Path, disposal: Disposal) -> None:
        self._table = SnapshotTable(database)
        self._directory = data_dir / "snapshots"
        self._manifests = Manifests(self._directory)
        self._spares = Spares(data_dir / "spares", disposal, self.manifest)
        self._disposal = disposal
        self._packs: dict[str, Packs] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def open(self) -> None:
        """Begin; what an earlier gateway left half done goes."""
        self._spares.open()

    async def close(self) -> None:
        """Stop what goes on in the background."""
        await self._spares.close()

    def newest(
        self, project: str, *, before: tuple[float, str] | None, limit: int
    ) -> list[SnapshotRow]:
        """Return a project's snapshots, newest first."""
        return self._table.newest(project, before=before, limit=limit)

    async def describe(
        self,
        project: str,
        entries: Iterable[Mapping[str, object]],
        *,
        removed: Iterable[str] = (),
        base: str | None = None,
    ) -> Described:
        """Take what a tree consists of, and say what is missing of it.

        Args:
            project: whose it is.
            entries: documents of the contract.
            removed: paths of the base that are gone.
            base: the snapshot that the tree differs from by these only.

        Raises:
            SnapshotNotFound: there is no such base.
            InvalidPath: a path or link leaves the tree, or no file can have it.
            InvalidRequest: an entry lacks something.
            ChecksumMismatch: a content is of another size here.
            StorageFull: there is no room for what is missing.
        """
        basis = Manifest([]) if base is None else await self.manifest(project, base)
        manifest = await in_thread(_changed, basis, entries, removed)
        if len(manifest.entries) > MOST_ENTRIES:
            raise InvalidRequest(f"the tree has more than {MOST_ENTRIES} entries")
        async with self._lock(project):
            # Within the lock, or what is here now could be collected before the row says that it
            # is needed.
            missing = await self._missing(project, manifest)
            size = sum(manifest.contents[sha256] for sha256 in missing)
            if not has_room(self._directory.parent, size):
                raise StorageFull(
                    f"the gateway's disk has no room for {size} bytes more",
                    hint="free some space, then retry",
                )
            now = time.time()
            row = SnapshotRow(
                project=project,
                id=manifest.id,
                file_count=len(manifest.files),
                size_bytes=manifest.size_bytes,
                complete=not missing,
                created_at=now,
                used_at=now,
            )
            try:
                await self._manifests.keep(project, manifest)
            except OSError as error:
                raise problem_of(error, f"what {manifest.id} consists of") from error
            await self._table.add(row)
        return Described(self.get(project, manifest.id), missing)

    def get(self, project: str, snapshot_id: str) -> SnapshotRow:
        """Return a snapshot.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
        """
        row = self._table.get(project, snapshot_id)
        if row is None:
            raise SnapshotNotFound(
                f"there is no snapshot {snapshot_id}", hint="send the code again"
            )
        return row

    def get_complete(self, project: str, snapshot_id: str) -> SnapshotRow:
        """Return a snapshot that a task can start from.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
            SnapshotIncomplete: contents of it are missing.
        """
        row = self.get(project, snapshot_id)
        if not row.complete:
            raise SnapshotIncomplete(
                f"contents of {snapshot_id} are missing", hint="send what is missing first"
            )
        return row

    async def described(self, project: str, snapshot_id: str) -> Described:
        """Return a snapshot and what is missing of it; whoever asks is about to use it.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
        """
        row = self.get(project, snapshot_id)
        await self._table.touch(project, snapshot_id, time.time(), started=False)
        if row.complete:
            return Described(row, [])
        manifest = await self.manifest(project, snapshot_id)
        missing = await self._missing(project, manifest)
        if not missing:
            await self._table.complete(project, snapshot_id)
        return Described(self.get(project, snapshot_id), missing)

    async def manifest(self, project: str, snapshot_id: str) -> Manifest:
        """Return what a snapshot consists of.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
        """
        self.get(project, snapshot_id)
        try:
            return await self._manifests.get(project, snapshot_id)
        except FileNotFoundError:
            # Removed since; another error than this is none that is left by that.
            self.get(project, snapshot_id)
            raise

    async def upload(
        self, project: str, snapshot_id: str, parts: AsyncGenerator[bytes, None]
    ) -> Described:
        """Take contents that are missing; what arrives whole is kept, however the call ends.

        Args:
            project: whose the snapshot is.
            snapshot_id: what needs the contents.
            parts: the stream, as the contract has it.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
            ChecksumMismatch: a content was not what its record said.
            MalformedRequest: the stream cannot be read.
            StorageFull: the disk is full.
        """
        manifest = await self.manifest(project, snapshot_id)
        missing = await self._missing(project, manifest)
        packs = self._packs_of(project)
        try:
            pack = await in_thread(packs.take)
            try:
                receiver = Receiver(pack, manifest.contents, missing)
                await self._receive(project, receiver, parts)
            finally:
                pack.close()
                packs.give(pack.name)
        except OSError as error:
            raise problem_of(error, f"the contents of {snapshot_id}") from error
        found = await self.described(project, snapshot_id)
        if found.row.complete:
            key = (project, snapshot_id)
            self._spares.expect(key, await self._source(project, manifest))
        return found

    async def _receive(
        self, project: str, receiver: Receiver, parts: AsyncGenerator[bytes, None]
    ) -> None:
        """Unpack one batch while the next one arrives and an earlier one goes to the disk."""
        feeding = saving = None
        try:
            async for batch in _batches(parts):
                await _done(feeding)
                if not has_room(self._directory.parent, _SAVED_BYTES):
                    raise StorageFull("the gateway's disk is full; what has arrived is kept")
                if receiver.unsaved_bytes >= _SAVED_BYTES:
                    await _done(saving)
                    saving = asyncio.ensure_future(self._save(project, receiver))
                feeding = asyncio.ensure_future(in_thread(receiver.feed, batch))
            await _done(feeding)
        finally:
            under_way = [each for each in (feeding, saving) if each is not None]
            if under_way:
                await asyncio.wait(under_way)
            await self._save(project, receiver)
        await _done(saving)
        receiver.finish()

    async def _save(self, project: str, receiver: Receiver) -> None:
        if contents := receiver.take():
            await in_thread(receiver.sync)
            await self._table.add_contents(project, contents)

    def need(self, connection: Transaction, project: str, snapshot_id: str, task_id: str) -> None:
        """Note that a task needs a snapshot until it has ended, in the task's own transaction.

        Raises:
            SnapshotNotFound: it is not there any more.
        """
        need(connection, project, snapshot_id, task_id, time.time())

    async def copy(self, project: str, snapshot_id: str, into: Path) -> None:
        """Make a private copy of a complete snapshot for a task.

        Args:
            project: whose it is.
            snapshot_id: the snapshot.
            into: where; nothing is there yet.

        Raises:
            SnapshotNotFound: it has gone.
            OSError: the disk is full or broken.
        """
        source = await self.source(project, snapshot_id)
        try:
            await self._spares.take((project, snapshot_id), source, into)
        except OSError:
            # A part of a copy is of no use, and the disk may be full of it.
            self._disposal.throw_away(into)
            raise
        await self._table.touch(project, snapshot_id, time.time(), started=True)

    async def source(self, project: str, snapshot_id: str) -> Source:
        """Return what copies of a snapshot are made from.

        Raises:
            SnapshotNotFound: it has gone.
        """
        return await self._source(project, await self.manifest(project, snapshot_id))

    def unused_since(self, before: float, project: str | None = None) -> list[SnapshotRow]:
        """Return snapshots that were not used since a Unix time and that no task needs."""
        return self._table.unused_since(before, project)

    async def remove(self, project: str, snapshot_id: str, used_at: float) -> bool:
        """Remove a snapshot, and the contents that no other one of its project has.

        Args:
            project: whose it is.
            snapshot_id: the snapshot.
            used_at: only if this is the Unix time of its last use.

        Returns:
            Whether it was removed: a task may need it by now.
        """
        async with self._lock(project):
            if not await self._table.remove(project, snapshot_id, used_at):
                return False
            self._spares.drop((project, snapshot_id))
            await self._manifests.remove(project, snapshot_id)
            await self._reclaim(project)
        return True

    async def _reclaim(self, project: str) -> None:
        """Remove the contents that no snapshot of a project has."""
        packs = self._packs_of(project)
        idle = await in_thread(packs.take_idle)
        try:
            live = await self._manifests.contents(project, self._table.ids(project))
            kept = self._table.kept(project)
            gone = [content.sha256 for content in kept if content.sha256 not in live]
            await self._table.forget_contents(project, gone)
            # The rows went first: a death in between leaves bytes that the next removal frees.
            contents = [content for content in kept if content.sha256 in live]
            await in_thread(packs.reclaim, idle, contents)
        finally:
            packs.give(*idle)

    async def _missing(self, project: str, manifest: Manifest) -> list[str]:
        found = await self._table.contents(project, manifest.contents)
        for sha256, content in found.items():
            if content.size_bytes != manifest.contents[sha256]:
                raise ChecksumMismatch(
                    f"the content {sha256} has {content.size_bytes} bytes, not"
                    f" {manifest.contents[sha256]}"
                )
        return [sha256 for sha256 in manifest.contents if sha256 not in found]

    async def _source(self, project: str, manifest: Manifest) -> Source:
        contents = await self._table.contents(project, manifest.contents)
        return Source(manifest, contents, self._packs_of(project).directory)

    def _packs_of(self, project: str) -> Packs:
        return self._packs.setdefault(project, Packs(self._directory / project / "packs"))

    def _lock(self, project: str) -> asyncio.Lock:
        return self._locks.setdefault(project, asyncio.Lock())


def _changed(
    base: Manifest, documents: Iterable[Mapping[str, object]], removed: Iterable[str]
) -> Manifest:
    try:
        return base.changed([_entry(document) for document in documents], removed)
    except errors.InvalidPath as error:
        raise InvalidPath(error.message, hint=error.hint) from None
    except errors.InvalidRequest as error:
        details = [Detail("/body/entries", error.message, error.hint)]
        raise InvalidRequest(error.message, hint=error.hint, details=details) from None


def _entry(document: Mapping[str, object]) -> Entry:
    fields = {"mode": 0o755 if document["type"] == "directory" else 0o644, **document}
    if document["type"] == "symlink":
        fields["mode"] = 0
    return Entry(**fields)  # type: ignore[arg-type]  # checked against the contract


async def _done(work: asyncio.Future[None] | None) -> None:
    if work is not None:
        # A call that is cancelled must not take it for done while a thread still writes.
        await asyncio.shield(work)


async def _batches(parts: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield parts by the hundred kilobytes; also those before which the client went away."""
    batch: list[bytes] = []
    size = 0
    try:
        async for part in parts:
            batch.append(part)
            size += len(part)
            if size >= _BATCH_BYTES:
                yield b"".join(batch)
                batch, size = [], 0
    except ClientGone:
        yield b"".join(batch)
        raise
    if batch:
        yield b"".join(batch)
