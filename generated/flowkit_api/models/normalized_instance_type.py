from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class NormalizedInstanceType(Model):
    """`NormalizedInstanceType` of the contract.

    Attributes:
        warning: Names the rounding when GPUs would be wasted.
    """

    instance_type: str
    num_instances: int
    warning: str | None = None
