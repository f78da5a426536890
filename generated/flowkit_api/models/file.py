from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .file_type import FileType


@attrs.define(kw_only=True, slots=False, repr=False)
class File(Model):
    """A file or a directory.

    Attributes:
        path: Within its space.
        mode: Permission bits.
        etag: Changes with the file.
        sha256: Of the content, where it is known or was asked for.
        target: What a symbolic link points to.
    """

    path: str
    type: FileType
    size_bytes: int
    mode: int
    modified_at: datetime.datetime
    etag: str | None = None
    sha256: str | None = None
    target: str | None = None
