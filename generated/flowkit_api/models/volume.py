from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .volume_interface import VolumeInterface
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class Volume(Model):
    """A directory that outlives tasks.

    Attributes:
        project: Whose it is.
        size_gb: Most that uploads may fill it with.
        interface: `block` is used by one task at a time, `file` by many.
        permission: `rw` to read and write, `ro` to read only.
        access: `rw` to read and write, `ro` to read only.
        grant_id: The grant by which the caller may use it.
        task_ids: Tasks of the caller's project that have not ended and use it.
    """

    id: str
    project: str
    size_gb: int
    interface: VolumeInterface
    region: str
    permission: VolumePermission
    cloneable: bool
    access: VolumePermission
    created_at: datetime.datetime
    name: str | None = None
    created_by: str | None = None
    grant_id: str | None = None
    task_ids: list[str] | None = None
