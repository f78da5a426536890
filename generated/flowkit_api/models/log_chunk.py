from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .log_stream import LogStream


@attrs.define(kw_only=True, slots=False, repr=False)
class LogChunk(Model):
    """A run of output bytes of one stream; `text` or, where they are not UTF-8, `base64`.

    Attributes:
        offset: Of the first byte.
        time: When the bytes were written.
        node: Which machine's, where all are followed.
    """

    stream: LogStream
    offset: int
    time: datetime.datetime
    text: str | None = None
    base64: str | None = None
    node: int | None = None
