from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .grant_status import GrantStatus
from .volume_permission import VolumePermission


@attrs.define(kw_only=True, slots=False, repr=False)
class Grant(Model):
    """An invitation to use a volume, and what became of it.

    Attributes:
        project: Whose volume it is.
        permission: `rw` to read and write, `ro` to read only.
    """

    id: str
    volume_id: str
    project: str
    principal: str
    permission: VolumePermission
    status: GrantStatus
    created_at: datetime.datetime
    volume_name: str | None = None
    created_by: str | None = None
    decided_at: datetime.datetime | None = None
