from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class InstanceTypeRequest(Model):
    """`InstanceTypeRequest` of the contract."""

    gpu_count: int
    gpu_type: str | None = None
