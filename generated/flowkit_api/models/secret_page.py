from __future__ import annotations

import attrs

from ..codec import Model
from .secret import Secret


@attrs.define(kw_only=True, slots=False, repr=False)
class SecretPage(Model):
    """`SecretPage` of the contract."""

    items: list[Secret]
    next_page_token: str | None = None
