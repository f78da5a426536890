from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class MountRequest(Model):
    """`MountRequest` of the contract.

    Attributes:
        volume: The name or id of the volume.
        target: Absolute path at which the task sees it; `/volumes/NAME` unless given.
    """

    volume: str
    target: str | None = None
    read_only: bool | None = None
