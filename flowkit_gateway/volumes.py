"""Volumes: directories that outlive tasks, and who may use them."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from flowkit_gateway.catalogue import check_region
from flowkit_gateway.disk import has_room
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.files.faults import problem_of
from flowkit_gateway.files.threads import in_steps, in_thread
from flowkit_gateway.placement import GB
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import (
    AlreadyExists,
    PermissionDenied,
    StorageFull,
    VolumeInUse,
    VolumeNotFound,
)
from flowkit_gateway.store import volumes as rows
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.grants import GrantRow, GrantTable
from flowkit_gateway.store.rows import Created, IdempotencyKey
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.volumes import VolumeRow, VolumeTable, VolumeUser
from flowkit_gateway.volume_trees import Usage, make_durable, usage

log = logging.getLogger(__name__)

LISTED = "`flowkit volume ls` lists the volumes"
"""What to do about a volume that there is not."""
DEFAULT_INTERFACE = "block"
DEFAULT_PERMISSION = "rw"
_MODE = 0o755
_MOST_NAMED = 5
"""Tasks that are named where a volume is in use."""


class VolumeAccess(NamedTuple):
    """What a caller may do with the files of a volume."""

    volume_id: str
    root: Path
    """The directory that holds them."""
    writable: bool
    quota_bytes: int
    """Most bytes that uploads may fill it with."""


class VisibleVolume(NamedTuple):
    """A volume as one caller sees it."""

    row: VolumeRow
    grant: GrantRow | None
    """By which the caller may use it; None for a volume of its own project."""

    @property
    def writable(self) -> bool:
        """The caller may change what is in it: the lesser of what both allow."""
        return "ro" not in (self.row.permission, self.grant.permission if self.grant else "rw")


class Volumes:
    """The volumes of one gateway.

    Args:
        store: the rows.
        data_dir: holds the directory `volumes` with one directory a volume.
        disposal: removes directories.
    """

    def __init__(self, store: Store, data_dir: Path, disposal: Disposal) -> None:
        self.table = VolumeTable(store.database)
        self._store = store
        self._grants = GrantTable(store.database)
        self._directory = data_dir / "volumes"
        self._interfaces: dict[str, str] = {}
        self._disposal = disposal

    async def open(self) -> None:
        """Take away what an earlier gateway was about to remove, or had not made whole."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        for volume_id in self.table.discarded():
            await self.throw_away(volume_id)
        await in_thread(self._remove_empty, self.table.ids())

    def find(self, caller: Principal, volume_id: str) -> VisibleVolume:
        """Return a volume of the caller's project or one that is shared with the caller.

        Raises:
            VolumeNotFound: there is none that the caller may use.
        """
        row = self.table.get(volume_id)
        found = None if row is None else self.seen_by(caller, row)
        if found is None:
            raise VolumeNotFound(f"there is no volume {volume_id}", hint=LISTED)
        return found

    def seen_by(self, caller: Principal, row: VolumeRow) -> VisibleVolume | None:
        """Return a volume as a caller sees it, None for one that the caller may not use."""
        if row.project == caller.project:
            return VisibleVolume(row, None)
        accepted = self._grants.accepted(row.id, caller.names)
        return VisibleVolume(row, accepted[0]) if accepted else None

    def owned(self, caller: Principal, volume_id: str) -> VolumeRow:
        """Return a volume that the caller's project may change and give away.

        Raises:
            VolumeNotFound: there is none that the caller may use.
            PermissionDenied: it is another project's.
        """
        row, grant = self.find(caller, volume_id)
        if grant is not None:
            raise PermissionDenied(
                f"{volume_id} belongs to the project {row.project}, which alone may do this",
                hint="ask someone of that project",
            )
        return row

    def access(self, caller: Principal, volume_id: str) -> VolumeAccess:
        """Return what the caller may do with the files of a volume.

        Raises:
            VolumeNotFound: there is none that the caller may use.
        """
        found = self.find(caller, volume_id)
        size = found.row.size_gb * GB
        return VolumeAccess(volume_id, self.root(volume_id), found.writable, size)

    def root(self, volume_id: str) -> Path:
        """Return the directory that holds the files of a volume."""
        return self._directory / volume_id

    def is_block(self, volume_id: str) -> bool:
        """Say whether a volume is for one task at a time, also one that is about to be created."""
        interface = self._interfaces.get(volume_id)
        if interface is None:
            row = self.table.get(volume_id)
            if row is None:
                return False
            interface = self._interfaces[volume_id] = row.interface
        return interface == "block"

    def new_row(self, caller: Principal, wanted: Mapping[str, object]) -> VolumeRow:
        """Return the row of a volume that is to be created.

        Args:
            caller: whose it will be.
            wanted: fields of the contract's `VolumeCreate`.

        Raises:
            NoCapacity: there is no such region.
        """
        row = VolumeRow(
            id=self._store.new_id("vol"),
            project=caller.project,
            created_by=caller.user,
            name=cast("str | None", wanted.get("name")),
            size_gb=cast("int", wanted["size_gb"]),
            interface=cast("str", wanted.get("interface") or DEFAULT_INTERFACE),
            region=check_region(cast("str | None", wanted.get("region")), "/body/region"),
            permission=cast("str", wanted.get("permission") or DEFAULT_PERMISSION),
            cloneable=bool(wanted.get("cloneable")),
            created_at=time.time(),
        )
        self._interfaces[row.id] = row.interface
        return row

    def insert(self, connection: Transaction, row: VolumeRow) -> None:
        """Create a volume, within a transaction.

        Raises:
            AlreadyExists: its project has a volume of its name.
            StorageFull: its directory cannot be made.
        """
        if not rows.insert(connection, row):
            raise name_is_taken(row.name)
        try:
            # A transaction may be tried twice; where it fails, the next gateway takes this away.
            self.root(row.id).mkdir(0o700, exist_ok=True)
            self.root(row.id).chmod(_MODE)  # the gateway's umask is for what is its own
            make_durable(self._directory)
        except OSError as error:
            raise problem_of(error, "the new volume") from error

    async def create(
        self,
        caller: Principal,
        wanted: Mapping[str, object],
        key: IdempotencyKey | None,
        answer: Callable[[VolumeRow], bytes],
    ) -> Created:
        """Create an empty volume.

        Args:
            caller: whose project it will belong to.
            wanted: the contract's `VolumeCreate`.
            key: what makes the call safe to repeat.
            answer: renders the row as the body to answer with.

        Raises:
            AlreadyExists: the project has a volume of this name.
            NoCapacity: there is no such region.
            StorageFull: the disk is full.
        """
        row = self.new_row(caller, wanted)
        self.demand_room()

        def work(connection: Transaction) -> None:
            self.insert(connection, row)

        return await self._store.answers.create(caller.project, key, answer(row), work)

    async def update(
        self, caller: Principal, volume_id: str, changes: Mapping[str, str | int | None]
    ) -> VolumeRow:
        """Change a volume; tasks that use it keep it, as they know it by its id.

        Raises:
            VolumeNotFound: there is none that the caller may use.
            PermissionDenied: it is another project's.
            AlreadyExists: the project has another volume of this name.
        """
        self.owned(caller, volume_id)

        def work(connection: Transaction) -> VolumeRow:
            name = changes.get("name")
            if isinstance(name, str) and rows.name_is_taken(
                connection, caller.project, name, but_for=volume_id
            ):
                raise name_is_taken(name)
            if changes:
                rows.change(connection, volume_id, changes)
            row = rows.find(connection, volume_id)
            if row is None:
                raise VolumeNotFound(f"there is no volume {volume_id}", hint=LISTED)
            return row

        return await self._store.database.write(work)

    async def delete(self, caller: Principal, volume_id: str) -> None:
        """Delete a volume with everything in it.

        Raises:
            VolumeNotFound: there is none that the caller may use.
            PermissionDenied: it is another project's.
            VolumeInUse: a task that has not ended is to use it.
        """
        self.owned(caller, volume_id)

        def work(connection: Transaction) -> None:
            if rows.find(connection, volume_id) is None:
                raise VolumeNotFound(f"there is no volume {volume_id}", hint=LISTED)
            users = rows.users(connection, volume_id)
            if users:
                raise _in_use(volume_id, users, caller.project)
            rows.remove(connection, volume_id)

        await self._store.database.write(work)
        self._interfaces.pop(volume_id, None)
        await self.throw_away(volume_id)

    async def usage(self, volume_id: str) -> Usage:
        """Count what is in a volume.

        Raises:
            Problem: it cannot be read.
        """
        return await in_steps(usage(self.root(volume_id)))

    async def throw_away(self, volume_id: str) -> None:
        """Remove the directory of a discarded volume: out of sight at once, gone soon after."""
        try:
            self._disposal.throw_away(self.root(volume_id))
        except OSError as error:
            log.error("%s cannot be removed yet: %s", self.root(volume_id), error)
            return
        await self._store.database.write(lambda connection: rows.keep(connection, volume_id))

    def demand_room(self) -> None:
        """Raise StorageFull when there is no room for another volume."""
        if not has_room(self._directory):
            raise StorageFull(
                "the gateway's disk is full; nothing was changed",
                hint="free some space, then retry",
            )

    def _remove_empty(self, known: Collection[str]) -> None:
        """Remove directories of volumes that were about to be created when the gateway ended."""
        for name in set(os.listdir(self._directory)).difference(known):
            # What has anything in it may be from a database that was replaced by an older one.
            with contextlib.suppress(OSError):
                os.rmdir(self._directory / name)


def name_is_taken(name: str | None) -> AlreadyExists:
    """Return what a call is told that wants a name which the project has given away."""
    return AlreadyExists(
        f"the project has a volume named {name} already", hint="use that one, or another name"
    )


def _in_use(volume_id: str, users: list[VolumeUser], project: str) -> VolumeInUse:
    """Name the tasks of the caller's project; those of others are none of its business."""
    own = [user.task_id for user in users if user.project == project]
    shown = own[:_MOST_NAMED]
    others = len(users) - len(shown)
    if others:
        shown.append(f"{others} more" if own else f"{others} of other projects")
    return VolumeInUse(
        f"{volume_id} is in use by tasks that have not ended: {', '.join(shown)}",
        hint="wait for them, or cancel them",
    )
