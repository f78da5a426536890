from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ProfileFile(Model):
    """A file that is placed in every task's home.

    Attributes:
        content: Only when one file is asked for.
    """

    id: str
    path: str
    mode: int
    size_bytes: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    content: str | None = None
