"""New code for tasks that are there already."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple, cast

from flowkit.snapshot_manifest import DIRECTORY, FILE, Entry
from flowkit_gateway.changes import Changes
from flowkit_gateway.files.paths import Names, parse, shown, text_of
from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.files.tree import Place, Tree
from flowkit_gateway.problems import Conflict, InvalidPath, InvalidRequest
from flowkit_gateway.snapshots.copies import Source, write_content
from flowkit_gateway.snapshots.snapshots import Snapshots
from flowkit_gateway.store.columns import column
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.store import Store

_READ_BYTES = 1024 * 1024
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Applied(NamedTuple):
    """What an update did; the contract's `SnapshotApplied`."""

    written: int
    unchanged: int
    size_bytes: int


class CodeUpdates:
    """Brings snapshots to tasks.

    Args:
        snapshots: where they are.
        store: the rows of tasks.
        changes: told of changed tasks.
        tasks_dir: holds a directory for each task, which has one for each attempt.
    """

    def __init__(
        self, snapshots: Snapshots, store: Store, changes: Changes, tasks_dir: Path
    ) -> None:
        self._snapshots = snapshots
        self._store = store
        self._changes = changes
        self._tasks_dir = tasks_dir

    async def apply(self, row: TaskRow, snapshot_id: str, *, target: str | None) -> Applied:
        """Update the workspace of a task that runs, or what a queued one starts from.

        Files that differ are replaced, each atomically; what only the task has stays.

        Args:
            row: the task.
            snapshot_id: the new code.
            target: directory of the workspace; the workspace itself unless given.

        Raises:
            SnapshotNotFound: there is none.
            SnapshotIncomplete: contents of it are missing.
            Conflict: the task has ended, is just starting, or runs in its caller's directory.
            InvalidPath: the target is none, or a directory is where a file is to be.
            StorageFull: the disk is full; what was replaced is whole.
        """
        self._snapshots.get_complete(row.project, snapshot_id)
        _refuse_in_place(row)
        names = parse(target) if target is not None else ()
        if row.status == "pending":
            if names:
                raise InvalidRequest(
                    f"{row.id} has not started, so that there is no directory {target!r} yet",
                    hint="leave out target_dir, or wait until the task runs",
                )
            await self._replace(row, snapshot_id)
            return Applied(0, 0, 0)
        if row.status != "running":
            raise Conflict(
                f"{row.id} is {row.status}; only a task that runs, or is to, takes new code",
                hint="wait until it runs" if row.status == "starting" else None,
            )
        await self._need(row, snapshot_id)
        source = await self._snapshots.source(row.project, snapshot_id)
        workspace = Tree(self._tasks_dir / row.id / str(row.attempt) / "workspace")
        return await in_steps(_update(workspace, names, source))

    async def _replace(self, row: TaskRow, snapshot_id: str) -> None:
        """Let a queued task start from another snapshot."""
        folder = cast("str | None", row.settings.get("working_dir"))
        if folder is not None:
            manifest = await self._snapshots.manifest(row.project, snapshot_id)
            if not manifest.is_directory(folder):
                raise InvalidRequest(f"working_dir {folder!r} is not a directory of the new code")
        await self._need(row, snapshot_id)
        settings = {name: value for name, value in row.settings.items() if name != "git"}
        changed = await self._store.transition(
            row.id,
            allowed=("pending",),
            event="task.updated",
            at=time.time(),
            changes={"settings": column({**settings, "snapshot_id": snapshot_id})},
        )
        if changed is None:
            raise Conflict(f"{row.id} has just started", hint="try again when it runs")
        self._changes.publish(row.project, row.id)

    async def _need(self, row: TaskRow, snapshot_id: str) -> None:
        """Keep a snapshot from being collected before the task has what it is to have of it."""
        await self._store.database.write(
            lambda connection: self._snapshots.need(connection, row.project, snapshot_id, row.id)
        )


def _refuse_in_place(row: TaskRow) -> None:
    folder = cast("str | None", row.settings.get("working_dir"))
    if folder is not None and folder.startswith("/"):
        raise Conflict(
            f"{row.id} runs in {folder} itself, so that there is no copy to update",
            hint="change the files there, or submit with a snapshot of the code",
        )


def _update(tree: Tree, target: Names, source: Source) -> Generator[None, None, Applied]:
    written = unchanged = size = 0
    with source.reading() as content_of:
        for entry in source.manifest.entries.values():
            names = (*target, *entry.path.split("/"))
            with tree.place(names, make=True) as place:
                if entry.type == DIRECTORY:
                    _make_directory(place, entry)
                elif entry.type != FILE:
                    _link(place, names, entry)
                elif _is_same(place, entry):
                    unchanged += 1
                else:
                    _refuse_directory(place, names)
                    _replace_file(place, entry, content_of(entry))
                    written += 1
                    size += entry.size_bytes
            yield
    return Applied(written, unchanged, size)


def _make_directory(place: Place, entry: Entry) -> None:
    found = place.find()
    if found is not None and stat.S_ISDIR(found.st_mode):
        return
    if found is not None:
        os.unlink(place.name, dir_fd=place.directory)
    os.mkdir(place.name, 0o700, dir_fd=place.directory)
    # Its owner can still write into it: files of the update come next.
    os.chmod(place.name, entry.mode | 0o700, dir_fd=place.directory)


def _link(place: Place, names: Names, entry: Entry) -> None:
    found = place.find()
    is_link = found is not None and stat.S_ISLNK(found.st_mode)
    if is_link and os.readlink(place.name, dir_fd=place.directory) == entry.target:
        return
    _refuse_directory(place, names)
    temporary = _temporary_name()
    os.symlink(entry.target, temporary, dir_fd=place.directory)
    _rename(place, temporary)


def _is_same(place: Place, entry: Entry) -> bool:
    found = place.find()
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != entry.size_bytes:
        return False
    descriptor = place.open(os.O_RDONLY)
    try:
        digest = hashlib.sha256()
        while part := os.read(descriptor, _READ_BYTES):
            digest.update(part)
        if digest.hexdigest() != entry.sha256:
            return False
        if stat.S_IMODE(found.st_mode) != entry.mode:
            os.fchmod(descriptor, entry.mode)
        return True
    finally:
        os.close(descriptor)


def _replace_file(place: Place, entry: Entry, content: memoryview) -> None:
    temporary = _temporary_name()
    descriptor = os.open(temporary, _NEW_FILE, 0o600, dir_fd=place.directory)
    try:
        write_content(descriptor, content)
        os.fchmod(descriptor, entry.mode)
    except OSError:
        os.unlink(temporary, dir_fd=place.directory)
        raise
    finally:
        os.close(descriptor)
    _rename(place, temporary)


def _rename(place: Place, temporary: str) -> None:
    os.rename(temporary, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)


def _refuse_directory(place: Place, names: Names) -> None:
    found = place.find()
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise InvalidPath(
            f"{shown(text_of(names))} is a directory in the task's workspace, not a file",
            hint="remove it there, or give another target_dir",
        )


def _temporary_name() -> str:
    return f".flowkit-{secrets.token_hex(8)}"
