from __future__ import annotations

import attrs

from ..codec import Model
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class GrantCreate(Model):
    """`GrantCreate` of the contract.

    Attributes:
        principal: `user:NAME` or `project:NAME`.
        permission: `rw` to read and write, `ro` to read only.
    """

    volume_id: str
    principal: str
    permission: VolumePermission | None = None
