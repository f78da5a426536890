from __future__ import annotations

import attrs

from ..codec import Model
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class VolumeClone(Model):
    """`VolumeClone` of the contract.

    Attributes:
        name: Unique in its project.
        size_gb: Most that uploads may fill it with.
        permission: `rw` to read and write, `ro` to read only.
    """

    name: str | None = None
    size_gb: int | None = None
    permission: VolumePermission | None = None
    cloneable: bool | None = None
