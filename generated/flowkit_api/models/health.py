from __future__ import annotations

import attrs

from ..codec import Model
from .health_status import HealthStatus


@attrs.define(kw_only=True, slots=False, repr=False)
class Health(Model):
    """`Health` of the contract."""

    status: HealthStatus
