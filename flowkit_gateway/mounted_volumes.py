"""Volumes as sources of mounts: `volume://NAME-OR-ID/PATH`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.mount_sources import Request, within
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Conflict, InvalidMount, Problem, VolumeNotFound
from flowkit_gateway.store import volumes as rows
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.volumes import VolumeRow, VolumeUser
from flowkit_gateway.task_parts import Prepared
from flowkit_gateway.volumes import VisibleVolume, Volumes

_ID = re.compile(r"vol_[0-9a-z]{26}")
_MOST_COMING = 10_000


class MountedVolumes:
    """Mounts volumes; implements `mount_sources.MountedSource`.

    Args:
        volumes: what there is.
    """

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes
        self._coming: dict[tuple[str, str], VolumeRow] = {}
        """Volumes that tasks create with themselves, by project and name. They stay until they are
        there: all tasks that ask for one meanwhile are to get the same."""

    async def admit(self, caller: Principal, request: Request) -> None:
        """Find the volume, or the one that the task is to create."""
        found = self._find(caller, request)
        row = found.row
        if "secret" in request.document:
            raise InvalidMount(f"{request.source} needs nothing to sign in with")
        if not found.writable and request.document.get("read_only") is False:
            raise InvalidMount(
                f"{row.name or row.id} may be read only", hint="leave out `read_only: false`"
            )
        if row.interface == "block" and cast("int", request.task.get("num_instances") or 1) > 1:
            raise InvalidMount(
                f"{row.name or row.id} is a block volume, which one machine at a time can use",
                hint="use a volume with the interface `file`, or one machine",
            )
        if not found.writable:
            request.document["read_only"] = True
        if request.source.path:
            await in_thread(self._path, row.id, request.source.path)
        request.source = request.source._replace(location=row.id)

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Note that the task uses the volume, and create it where that was asked for."""
        volume_id = request.source.location
        if rows.find(connection, volume_id) is None:
            coming = next(
                (each for each in tuple(self._coming.values()) if each.id == volume_id), None
            )
            if coming is None:
                raise VolumeNotFound(f"{volume_id} was deleted just now")
            self._create(connection, coming)
        rows.use(connection, volume_id, VolumeUser(row.id, row.project))

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return the directory or file of the volume."""
        caller = Principal(row.created_by, row.project)
        volume_id = request.source.location
        try:
            found = self._volumes.find(caller, volume_id)
            if not (found.writable or request.read_only):
                raise StartError(f"{volume_id} may be read only, since the task was submitted")
            return await in_thread(self._path, volume_id, request.source.path)
        except VolumeNotFound as problem:
            raise StartError(f"{volume_id} may not be used any more") from problem
        except Problem as problem:
            raise StartError(f"cannot mount {request.source}: {problem.detail}") from problem

    def _find(self, caller: Principal, request: Request) -> VisibleVolume:
        name = request.source.location
        if _ID.fullmatch(name):
            return self._volumes.find(caller, name)
        own = self._volumes.table.named(caller.project, name)
        if own is not None:
            self._coming.pop((caller.project, name), None)
            return VisibleVolume(own, None)
        shared = self._volumes.table.visible(caller.project, caller.names, name=name, limit=2)
        if len(shared) > 1:
            raise InvalidMount(
                f"several volumes that are shared with you are named {name}",
                hint=f"name it by its id, as in volume://{shared[0].id}",
            )
        if shared:
            return self._volumes.find(caller, shared[0].id)
        if "create_size_gb" not in request.document:
            raise VolumeNotFound(
                f"there is no volume {name}",
                hint=f"`flowkit volume create {name} --size-gb N` creates it; "
                "so does a task with a size",
            )
        return VisibleVolume(self._new(caller, name, request), None)

    def _new(self, caller: Principal, name: str, request: Request) -> VolumeRow:
        coming = self._coming.get((caller.project, name))
        if coming is None:
            if request.source.path:
                raise InvalidMount(f"there is no {request.source.path!r} in a volume that is new")
            wanted = {
                "name": name,
                "size_gb": request.document["create_size_gb"],
                "interface": request.document.get("create_interface"),
            }
            coming = self._volumes.new_row(caller, wanted)
            if len(self._coming) >= _MOST_COMING:
                # Whoever waits for the oldest is told that it is gone, and asks again.
                del self._coming[next(iter(self._coming))]
            self._coming[caller.project, name] = coming
        return coming

    def _create(self, connection: Transaction, coming: VolumeRow) -> None:
        try:
            self._volumes.insert(connection, coming)
        except Problem as problem:
            if problem.code == "already_exists":
                raise Conflict(
                    f"a volume named {coming.name} was created just now", hint="submit again"
                ) from problem
            raise

    def _path(self, volume_id: str, path: str) -> Path:
        found = within(self._volumes.root(volume_id), path)
        if not (found.is_dir() or found.is_file()):
            raise InvalidMount(
                f"there is neither a directory nor a file {path!r} in {volume_id}",
                hint="list what is in it",
            )
        return found
