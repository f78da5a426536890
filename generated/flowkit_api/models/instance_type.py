from __future__ import annotations

import attrs

from ..codec import Model
from .money import Money


@attrs.define(kw_only=True, slots=False, repr=False)
class InstanceType(Model):
    """A kind of machine.

    Attributes:
        name: Canonical name, such as `4xa100-80gb`.
        available: How many could start now.
        gpu_memory_gb: Memory of one GPU.
    """

    name: str
    gpu_count: int
    cpus: float
    memory_gb: float
    available: int
    simulated: bool
    gpu_model: str | None = None
    gpu_memory_gb: float | None = None
    vendor: str | None = None
    region: str | None = None
    price_per_hour: Money | None = None
