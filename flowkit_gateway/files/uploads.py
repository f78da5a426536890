"""Uploads: files that arrive in parts, over connections that break and gateways that are killed.

What has arrived is the size of a file on the disk, so nothing has to be written down with each
part. A completed upload gets its answer written down before its file is renamed: whoever finds an
answer and no file knows that the file is in its place, and can repeat the answer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from flowkit_gateway.disk import has_room
from flowkit_gateway.documents import timestamp
from flowkit_gateway.files.faults import problem_of
from flowkit_gateway.files.files import PARTIAL_NAME, mismatch
from flowkit_gateway.files.paths import parse, shown
from flowkit_gateway.files.placing import Attributes, check_target, finish, put
from flowkit_gateway.files.quotas import Quotas, demand_room
from flowkit_gateway.files.receiving import PartialFile, Parts, no_room, receive
from flowkit_gateway.files.spaces import Space, Spaces
from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import (
    NotFound,
    OffsetConflict,
    PayloadTooLarge,
    Problem,
    TaskNotFound,
    VolumeNotFound,
)
from flowkit_gateway.store.rows import Created, IdempotencyKey
from flowkit_gateway.store.uploads import UploadRow, UploadTable

_encode = msgspec.json.Encoder().encode


class _Arriving:
    """One upload in this process."""

    def __init__(self, path: Path) -> None:
        self.file = PartialFile(path)
        self.lock = asyncio.Lock()
        """Held while its file is changed."""
        self.turn: object | None = None
        """The append that may go on; a later one takes its place."""
        self.calls = 0
        """Calls that use it now; its file is open meanwhile."""


class LastUse(NamedTuple):
    """What is on the disk of an upload, and since when."""

    size_bytes: int
    at: float
    """Unix time."""


class Uploads:
    """The uploads of one gateway.

    Args:
        table: the rows.
        spaces: where files go.
        quotas: how much may go there.
        directory: where they arrive.
    """

    def __init__(self, table: UploadTable, spaces: Spaces, quotas: Quotas, directory: Path) -> None:
        self._table = table
        self._spaces = spaces
        self._quotas = quotas
        self._directory = directory
        self._arriving: dict[str, _Arriving] = {}

    async def open(self) -> None:
        """Remove what belongs to nothing any more, before there is anything new."""
        for row in self._table.all():
            if self._is_orphan(row):
                await self._table.remove(row.id)
        known = {PARTIAL_NAME.format(row.id) for row in self._table.all()}
        await in_thread(_remove_others, self._directory, known)

    async def create(
        self,
        caller: Principal,
        upload: UploadRow,
        key: IdempotencyKey | None,
    ) -> Created:
        """Begin an upload.

        Raises:
            InvalidPath: no file can be there.
            AlreadyExists: there is a directory, or a file that is not to be replaced.
            QuotaExceeded: the volume has no room for it.
            StorageFull: the disk has no room for it.
            IdempotencyConflict: the key was used for another request.
        """
        earlier = self._table.find_created(upload.project, key)
        if earlier is not None:
            # What it reserved then must not speak against it now.
            return earlier
        space = self._space(caller, upload).demand_writable()
        names = parse(upload.path)
        replaced = await in_thread(check_target, space.tree, names, overwrite=upload.overwrite)
        arrivals = await in_thread(self._spaces.arrivals, space)
        if not has_room(arrivals, upload.size_bytes):
            raise no_room()
        if arrivals != self._directory:
            upload = replace(upload, arrives_in=str(arrivals))
        most = await self._quotas.demand(space, upload.size_bytes - replaced)

        def check(open_bytes: int) -> None:
            demand_room(space, upload.size_bytes - replaced, most - open_bytes)

        return await self._table.create(upload, key, _encode(document(upload, 0)), check)

    async def describe(self, caller: Principal, upload_id: str) -> dict[str, object]:
        """Return the contract's `Upload`.

        Raises:
            NotFound: there is no such upload, or no longer.
        """
        row = await self._live(caller, upload_id)
        async with self._use(row) as arriving, arriving.lock:
            if _is_complete(self._find(caller, upload_id), arriving):
                return document(row, row.size_bytes)
            await in_thread(arriving.file.open)
            return document(row, arriving.file.size)

    async def append(
        self, caller: Principal, upload_id: str, offset: int, parts: AsyncGenerator[bytes, None]
    ) -> dict[str, object]:
        """Receive the next bytes of a file, and keep what arrives of them.

        Whoever begins at the right offset takes over from a call that has not ended: that may be
        of a connection that is dead, which the gateway does not know yet.

        Args:
            caller: who sends them.
            upload_id: of which upload.
            offset: where in the file they begin.
            parts: the bytes.

        Raises:
            NotFound: there is no such upload, or no longer.
            OffsetConflict: the upload is not there, or another call took over.
            PayloadTooLarge: they are more than the upload was to have.
            StorageFull: the disk has no room for all of them.
        """
        row = await self._live(caller, upload_id)
        async with self._use(row) as arriving:
            turn = object()
            async with arriving.lock:
                if _is_complete(self._find(caller, upload_id), arriving):
                    raise OffsetConflict(f"{upload_id} is complete", hint="Nothing is missing.")
                await in_thread(arriving.file.open)
                _demand_offset(upload_id, arriving.file.size, offset)
                arriving.turn = turn

            async def write(batch: Parts) -> None:
                async with arriving.lock:
                    if arriving.turn is not turn:
                        raise OffsetConflict(
                            f"another call goes on with {upload_id}",
                            hint="Ask where it is before you go on.",
                        )
                    _demand_size(row, arriving.file.size + sum(map(len, batch)))
                    await in_thread(arriving.file.append, batch)

            await receive(parts, write)
            return document(row, arriving.file.size)

    async def complete(self, caller: Principal, upload_id: str, sha256: str | None) -> bytes:
        """Put a file in its place once all of it has arrived; once more is answered the same.

        Args:
            caller: who asks.
            upload_id: which upload.
            sha256: the checksum that the file must have.

        Returns:
            The contract's `File`, encoded.

        Raises:
            NotFound: there is no such upload, or no longer.
            OffsetConflict: something is missing.
            ChecksumMismatch: something else has arrived.
            AlreadyExists: there is a directory, or a file that is not to be replaced.
        """
        row = await self._live(caller, upload_id)
        async with self._use(row) as arriving, arriving.lock:
            row = self._find(caller, upload_id)
            if row.answer is not None and _is_complete(row, arriving):
                return row.answer
            space = self._space(caller, row).demand_writable()
            file = arriving.file
            await in_thread(file.open)
            _demand_whole(row, file.size)
            arriving.turn = None
            digest = await file.sha256()
            if sha256 is not None and digest != sha256:
                raise mismatch(digest, sha256)
            answer = await self._place(row, space, file, digest)
            file.close()
            return answer

    async def delete(self, caller: Principal, upload_id: str) -> None:
        """Give an upload up; one that is complete is only forgotten.

        Raises:
            NotFound: there is no such upload, or no longer.
        """
        row = await self._live(caller, upload_id)
        async with self._use(row) as arriving:
            await self._remove(row, arriving)

    def all(self) -> list[UploadRow]:
        """Return all uploads of all projects, oldest first."""
        return self._table.all()

    def last_use(self, row: UploadRow) -> LastUse:
        """Return when something of an upload arrived last; long ago if nobody can complete it."""
        size, at = 0, row.created_at
        with suppress(FileNotFoundError):
            status = self._path(row).stat()
            size, at = status.st_size, status.st_mtime
        return LastUse(size, 0.0 if self._is_orphan(row) else at)

    async def give_up(self, upload_id: str, unused_since: float) -> bool:
        """Give an upload up unless it is gone, or something of it has arrived since a Unix time."""
        row = self._table.get(upload_id)
        if row is None:
            return False
        async with self._use(row) as arriving:
            last = await in_thread(self.last_use, row)
            if last.at > unused_since or arriving.calls > 1:
                return False
            await self._remove(row, arriving)
        return True

    @asynccontextmanager
    async def _use(self, row: UploadRow) -> AsyncIterator[_Arriving]:
        """Yield an upload; its file is closed after the last call that uses it."""
        arriving = self._arriving.get(row.id)
        if arriving is None:
            arriving = self._arriving[row.id] = _Arriving(self._path(row))
        arriving.calls += 1
        try:
            with _refusing(row):
                yield arriving
        finally:
            arriving.calls -= 1
            if not arriving.calls:
                arriving.file.close()
                if _is_complete(row, arriving):
                    self._arriving.pop(row.id, None)

    async def _place(self, row: UploadRow, space: Space, file: PartialFile, digest: str) -> bytes:
        names = parse(row.path)
        tree, overwrite = space.tree, row.overwrite
        replaced = await in_thread(check_target, tree, names, overwrite=overwrite)
        attributes = Attributes(row.mode, row.modified_ns)
        entry = await in_thread(finish, file.descriptor, names, attributes)
        answer = _encode(entry.document(digest))
        await self._table.set_answer(row.id, answer)
        try:
            await in_thread(put, file.path, tree, names, overwrite=overwrite)
        except (Problem, OSError):
            if file.path.exists():
                await self._table.set_answer(row.id, None)
            raise
        self._arriving.pop(row.id, None)
        self._quotas.added(space, row.size_bytes - replaced)
        return answer

    async def _remove(self, row: UploadRow, arriving: _Arriving) -> None:
        async with arriving.lock:
            arriving.turn = None
            await self._table.remove(row.id)
            await in_thread(arriving.file.discard)
            self._arriving.pop(row.id, None)

    def _find(self, caller: Principal, upload_id: str) -> UploadRow:
        row = self._table.get(upload_id)
        if row is None or row.project != caller.project:
            raise NotFound(
                f"there is no upload {upload_id}",
                hint="It was given up, or nothing arrived for long: begin a new one.",
            )
        return row

    async def _live(self, caller: Principal, upload_id: str) -> UploadRow:
        """Return an upload, unless its volume or task has been deleted: then it goes too."""
        row = self._find(caller, upload_id)
        if self._is_orphan(row):
            async with self._use(row) as arriving:
                await self._remove(row, arriving)
        return self._find(caller, upload_id)

    def _is_orphan(self, row: UploadRow) -> bool:
        try:
            self._space(Principal(row.created_by, row.project), row)
        except (VolumeNotFound, TaskNotFound):
            return True
        except Problem:
            return False  # it may be usable again
        return False

    def _space(self, caller: Principal, row: UploadRow) -> Space:
        return self._spaces.find(caller, row.space)

    def _path(self, row: UploadRow) -> Path:
        directory = self._directory if row.arrives_in is None else Path(row.arrives_in)
        return directory / PARTIAL_NAME.format(row.id)


def document(row: UploadRow, offset: int) -> dict[str, object]:
    """Return the contract's `Upload`.

    Args:
        row: the upload.
        offset: how much of it has arrived.
    """
    return {
        "id": row.id,
        "space": row.space,
        "path": row.path,
        "size_bytes": row.size_bytes,
        "offset": offset,
        "created_at": timestamp(row.created_at),
    }


@contextmanager
def _refusing(row: UploadRow) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise problem_of(error, f"the upload of {shown(row.path)}") from error


def _is_complete(row: UploadRow, arriving: _Arriving) -> bool:
    return row.answer is not None and not arriving.file.path.exists()


def _demand_offset(upload_id: str, size: int, offset: int) -> None:
    if offset != size:
        raise OffsetConflict(
            f"{size} bytes of {upload_id} have arrived; these begin at {offset}",
            hint="Ask where the upload is, and go on from there.",
        )


def _demand_size(row: UploadRow, size: int) -> None:
    if size > row.size_bytes:
        raise PayloadTooLarge(
            f"{row.id} was to have {row.size_bytes} bytes; these would be more",
            hint="Begin a new upload with the file's size as it is now.",
        )


def _demand_whole(row: UploadRow, size: int) -> None:
    if size != row.size_bytes:
        raise OffsetConflict(
            f"{size} of {row.size_bytes} bytes of {row.id} have arrived",
            hint="Send the rest first.",
        )


def _remove_others(directory: Path, known: set[str]) -> None:
    """Remove the files of a directory whose names are not known."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return
    for name in names:
        if name not in known:
            (directory / name).unlink(missing_ok=True)
