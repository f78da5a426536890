from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ServerLimits(Model):
    """Bounds of one request and one task.

    Attributes:
        max_body_bytes: Largest request body.
        max_batch_tasks: Most tasks of one batch.
        max_wait_seconds: Longest wait of one call.
        max_output_bytes: Most output that is kept of one task.
        max_num_instances: Most instances of one task.
        cpus: CPUs that tasks share.
        memory_gb: Memory that tasks share.
        gpus: Real GPUs that tasks share.
    """

    max_body_bytes: int
    max_batch_tasks: int
    max_wait_seconds: float
    max_output_bytes: int
    max_num_instances: int
    cpus: float
    memory_gb: float
    gpus: int
