from __future__ import annotations

import attrs

from ..codec import Model
from .profile_file import ProfileFile


@attrs.define(kw_only=True, slots=False, repr=False)
class ProfileFilePage(Model):
    """`ProfileFilePage` of the contract."""

    items: list[ProfileFile]
    next_page_token: str | None = None
