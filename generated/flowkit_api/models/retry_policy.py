from __future__ import annotations

import attrs

from ..codec import Model
from .retry_cause import RetryCause


@attrs.define(kw_only=True, slots=False, repr=False)
class RetryPolicy(Model):
    """When a task that failed is started again.

    Attributes:
        max: How often, after the first attempt.
        on_causes: After which ends; `error`, `preempted` and `node_lost` unless given.
        backoff: Seconds before the first retry, doubled with each; 1 unless given.
        max_backoff: Most seconds before a retry; 300 unless given.
    """

    max: int
    on_causes: list[RetryCause] | None = None
    backoff: float | None = None
    max_backoff: float | None = None
