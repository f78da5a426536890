from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class MoveRequest(Model):
    """`MoveRequest` of the contract.

    Attributes:
        overwrite: Replace a file that is there; false unless given.
    """

    space: str
    source: str
    target: str
    overwrite: bool | None = None
