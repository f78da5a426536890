from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class Snapshot(Model):
    """An immutable copy of a source tree.

    Attributes:
        complete: The gateway lacks nothing of it.
        used_at: When a task last started from it.
        missing: SHA-256 of each content that the gateway lacks.
    """

    id: str
    project: str
    complete: bool
    file_count: int
    size_bytes: int
    created_at: datetime.datetime
    used_at: datetime.datetime | None = None
    missing: list[str] | None = None
