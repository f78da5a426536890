from __future__ import annotations

import attrs

from ..codec import Model
from .volume_clear_field import VolumeClearField
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class VolumeUpdate(Model):
    """What to change; what is absent stays.

    Attributes:
        name: Unique in its project.
        size_gb: Most that uploads may fill it with.
        permission: `rw` to read and write, `ro` to read only.
        clear: Fields to clear.
    """

    name: str | None = None
    size_gb: int | None = None
    permission: VolumePermission | None = None
    cloneable: bool | None = None
    clear: list[VolumeClearField] | None = None
