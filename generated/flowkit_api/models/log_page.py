from __future__ import annotations

import attrs

from ..codec import Model
from .log_chunk import LogChunk


@attrs.define(kw_only=True, slots=False, repr=False)
class LogPage(Model):
    """`LogPage` of the contract.

    Attributes:
        next_offset: Where the next page begins.
        end: The task has ended, and nothing follows this page.
    """

    chunks: list[LogChunk]
    next_offset: int
    end: bool
