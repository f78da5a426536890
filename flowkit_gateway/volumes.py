"""Volumes: directories that outlive tasks, and who may use them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import VolumeNotFound
from flowkit_gateway.store.grants import GrantRow, GrantTable
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.volumes import VolumeRow, VolumeTable

_GB = 1_000_000_000


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
    """

    def __init__(self, store: Store, data_dir: Path) -> None:
        self.table = VolumeTable(store.database)
        self._store = store
        self._grants = GrantTable(store.database)
        self._directory = data_dir / "volumes"

    def find(self, caller: Principal, volume_id: str) -> VisibleVolume:
        """Return a volume of the caller's project or one that is shared with the caller.

        Raises:
            VolumeNotFound: there is none that the caller may use.
        """
        row = self.table.get(volume_id)
        if row is not None:
            if row.project == caller.project:
                return VisibleVolume(row, None)
            accepted = self._grants.accepted(volume_id, caller.names)
            if accepted:
                return VisibleVolume(row, accepted[0])
        raise VolumeNotFound(f"there is no volume {volume_id}")

    def access(self, caller: Principal, volume_id: str) -> VolumeAccess:
        """Return what the caller may do with the files of a volume.

        Raises:
            VolumeNotFound: there is none that the caller may use.
        """
        found = self.find(caller, volume_id)
        size = found.row.size_gb * _GB
        return VolumeAccess(volume_id, self.root(volume_id), found.writable, size)

    def root(self, volume_id: str) -> Path:
        """Return the directory that holds the files of a volume."""
        return self._directory / volume_id
