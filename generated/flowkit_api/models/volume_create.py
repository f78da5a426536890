from __future__ import annotations

import attrs

from ..codec import Model
from .volume_interface import VolumeInterface
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class VolumeCreate(Model):
    """`VolumeCreate` of the contract.

    Attributes:
        size_gb: Most that uploads may fill it with.
        name: Unique in its project.
        interface: `block` is used by one task at a time, `file` by many.
        permission: `rw` to read and write, `ro` to read only.
        cloneable: Whoever may read it may copy it.
    """

    size_gb: int
    name: str | None = None
    interface: VolumeInterface | None = None
    region: str | None = None
    permission: VolumePermission | None = None
    cloneable: bool | None = None
