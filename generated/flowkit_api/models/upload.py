from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class Upload(Model):
    """A file on its way.

    Attributes:
        offset: How many bytes have arrived.
    """

    id: str
    space: str
    path: str
    size_bytes: int
    offset: int
    created_at: datetime.datetime
