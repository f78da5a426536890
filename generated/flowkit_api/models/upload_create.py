from __future__ import annotations

import datetime

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class UploadCreate(Model):
    """`UploadCreate` of the contract.

    Attributes:
        overwrite: Replace a file that is there; true unless given.
    """

    space: str
    path: str
    size_bytes: int
    mode: int | None = None
    modified_at: datetime.datetime | None = None
    overwrite: bool | None = None
