from __future__ import annotations

import attrs

from ..codec import Model
from .file import File


@attrs.define(kw_only=True, slots=False, repr=False)
class FilePage(Model):
    """`FilePage` of the contract."""

    items: list[File]
    next_page_token: str | None = None
