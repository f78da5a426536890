from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ProfileFileCreate(Model):
    """`ProfileFileCreate` of the contract.

    Attributes:
        path: Where it is placed, relative to the home.
    """

    path: str
    content: str
    mode: int | None = None
