from __future__ import annotations

import attrs

from ..codec import Model
from .money import Money


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskSettings(Model):
    """What is asked of a task.

    Attributes:
        command: Program and arguments, run as they are.
        gpu: GPU requests in the shorthand grammar; the first that can be placed is taken.
        instance_type: An instance type by name; `gpu` is ignored when this is set.
        cpus: CPUs to reserve; 1 unless given.
        memory_gb: Memory to reserve, and the most that the task may use.
        env: Environment of the command.
        working_dir: Absolute directory on the gateway's machine; a private one unless given.
        max_run_time: Seconds after which the task is ended.
        priority: Tasks of a higher priority start first; 0 unless given.
        labels: Names and values to find tasks by.
    """

    command: list[str]
    name: str | None = None
    gpu: list[str] | None = None
    instance_type: str | None = None
    min_gpu_memory_gb: float | None = None
    cpus: float | None = None
    memory_gb: float | None = None
    num_instances: int | None = None
    env: dict[str, str] | None = None
    working_dir: str | None = None
    region: str | None = None
    max_price_per_hour: Money | None = None
    max_run_time: float | None = None
    priority: int | None = None
    labels: dict[str, str] | None = None
