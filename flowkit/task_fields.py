"""What a task handle shows of its task."""

from __future__ import annotations

import re
from datetime import datetime

from flowkit_api.models.dependency import Dependency
from flowkit_api.models.engine_name import EngineName
from flowkit_api.models.git_source import GitSource
from flowkit_api.models.money import Money
from flowkit_api.models.mount import Mount
from flowkit_api.models.retry_policy import RetryPolicy
from flowkit_api.models.task import Task as TaskData
from flowkit_api.models.task_secret import TaskSecret

from flowkit.errors import TaskNotFound
from flowkit.handle_fields import Field
from flowkit.status import TaskReason, TaskStatus, is_terminal


class TaskFields:
    """The fields of a task as they were when the gateway last told them.

    Attributes:
        data: All of them, as the contract has them.
    """

    __slots__ = ("data",)

    def __init__(self, data: TaskData) -> None:
        self.data = data

    id = Field[str]()
    name = Field[str | None]()
    project = Field[str]()
    created_by = Field[str | None]()
    status = Field[TaskStatus]()
    reason = Field[TaskReason | None]()
    message = Field[str | None]()
    exit_code = Field[int | None]()
    created_at = Field[datetime]()
    started_at = Field[datetime | None]()
    finished_at = Field[datetime | None]()
    cancel_requested_at = Field[datetime | None]()
    held_at = Field[datetime | None]()
    retry_at = Field[datetime | None]()
    queue_position = Field[int | None]()
    attempt = Field[int]()
    sweep_id = Field[str | None]()
    sweep_case = Field[int | None]()
    command = Field[list[str]]()
    gpu = Field[list[str] | None]()
    gpu_indices = Field[list[int] | None]()
    instance_type = Field[str | None]()
    min_gpu_memory_gb = Field[float | None]()
    cpus = Field[float | None]()
    memory_gb = Field[float | None]()
    num_instances = Field[int | None]()
    region = Field[str | None]()
    reservation = Field[str | None]()
    working_dir = Field[str | None]()
    snapshot_id = Field[str | None]()
    git = Field[GitSource | None]()
    mounts = Field[list[Mount] | None]()
    outputs = Field[list[str] | None]()
    secrets = Field[list[TaskSecret] | None]()
    depends_on = Field[list[Dependency] | None]()
    retries = Field[RetryPolicy | None]()
    max_price_per_hour = Field[Money | None]()
    max_run_time = Field[float | None]()
    priority = Field[int | None]()
    engine = Field[EngineName]()
    simulated = Field[bool]()
    output_bytes = Field[int | None]()
    output_dropped_bytes = Field[int | None]()

    @property
    def task_id(self) -> str:
        """The same as `id`."""
        return self.data.id

    @property
    def env(self) -> dict[str, str]:
        """Variables of the command."""
        return self.data.env or {}

    @property
    def labels(self) -> dict[str, str]:
        """Names and values to find the task by."""
        return self.data.labels or {}

    @property
    def slurm(self) -> dict[str, str]:
        """Flags of `sbatch` that it has."""
        return self.data.slurm or {}

    @property
    def waits_for(self) -> list[str]:
        """Ids of the tasks that it depends on and that are not where they must be."""
        return self.data.waits_for or []

    @property
    def is_terminal(self) -> bool:
        """Whether the task has ended."""
        return is_terminal(self.data.status)

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are present, as JSON has them."""
        return self.data.to_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaskFields) and self.data.id == other.data.id

    def __hash__(self) -> int:
        return hash(self.data.id)

    def __repr__(self) -> str:
        # Short, and without `env`, which may hold secrets.
        name = f" {self.name!r}" if self.name is not None else ""
        return f"<{type(self).__name__} {self.id}{name} {self.status}>"


def task_id_of(task: str | TaskFields) -> str:
    """Return the id of a task given by id or handle.

    Raises:
        TaskNotFound: the text cannot be a task's id.

    Example:
        >>> task_id_of("task_0123456789abcdefghjkmnpqrs")
        'task_0123456789abcdefghjkmnpqrs'
    """
    if isinstance(task, TaskFields):
        return task.id
    if isinstance(task, str) and re.fullmatch("task_[0-9a-z]{26}", task):
        return task
    shown = repr(task[:80]) if isinstance(task, str) else f"of type {type(task).__name__}"
    raise TaskNotFound(
        f"there is no task {shown}",
        status=404,
        hint="a task's id is task_ and 26 letters or digits, as list_tasks() shows it",
    )
