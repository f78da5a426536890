from __future__ import annotations

import attrs

from ..codec import Model
from .dependency import Dependency
from .git_source import GitSource
from .money import Money
from .mount import Mount
from .retry_policy import RetryPolicy
from .task_secret import TaskSecret


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
        working_dir: Absolute directory on the gateway's machine, or one of the task's
            workspace, relative to it; the workspace unless given.
        snapshot_id: What the workspace is a private copy of.
        git: A commit of a git repository, which the gateway checks out.
        outputs: Files and directories of the workspace that are kept after the task, by path
            relative to it; `*`, `?` and `[...]` match within one name, `**` across directories.
        depends_on: Tasks that go before this one.
        retries: When a task that failed is started again.
        hold: Do not start it until it is released.
        secrets: Secrets that the task is handed.
        reservation: Reservation to run in, by its id, or by its name while it has not ended; a
            task is answered with the id.
        max_run_time: Seconds after which the task is ended.
        slurm: Flags of `sbatch` by their long names, such as `partition` and `qos`; empty text
            for a flag without a value. Only the Slurm engine reads them.
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
    snapshot_id: str | None = None
    git: GitSource | None = None
    mounts: list[Mount] | None = None
    outputs: list[str] | None = None
    depends_on: list[Dependency] | None = None
    retries: RetryPolicy | None = None
    hold: bool | None = None
    secrets: list[TaskSecret] | None = None
    region: str | None = None
    reservation: str | None = None
    max_price_per_hour: Money | None = None
    max_run_time: float | None = None
    slurm: dict[str, str] | None = None
    priority: int | None = None
    labels: dict[str, str] | None = None
