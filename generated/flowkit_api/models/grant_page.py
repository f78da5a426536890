from __future__ import annotations

import attrs

from ..codec import Model
from .grant import Grant


@attrs.define(kw_only=True, slots=False, repr=False)
class GrantPage(Model):
    """`GrantPage` of the contract."""

    items: list[Grant]
    next_page_token: str | None = None
