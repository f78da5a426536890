"""Rows of the store, as the rest of the gateway sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

TERMINAL = frozenset({"completed", "failed", "cancelled"})


@dataclass(slots=True)
class Placement:
    """The share of an engine that an attempt holds."""

    cpus: float
    """Of each instance."""
    memory_bytes: int
    """Of each instance."""
    device_uuids: tuple[str, ...] = ()
    """Of all instances, one after the other in equal parts."""
    gpu_indices: tuple[int, ...] = ()
    share: float = 1.0
    """Part of each device, below 1 when a fraction of one GPU was asked for."""
    volumes: tuple[str, ...] = ()
    """Block volumes, which nobody else may have meanwhile."""
    num_instances: int = 1
    """Instances among which it is divided; 1 where it stands for each of the engine's."""
    until: float | None = None
    """Unix time by which it is given back; None where nobody knows."""


@dataclass(slots=True)
class TaskRow:
    """A task. Times are Unix seconds; `settings` is the contract's `TaskCreate` as submitted."""

    id: str
    project: str
    created_by: str
    status: str
    settings: dict[str, object]
    engine: str
    created_at: float
    name: str | None = None
    labels: dict[str, str] | None = None
    priority: int = 0
    simulated: bool = False
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    instance_type: str | None = None
    placement: Placement | None = None
    attempt: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    cancel_requested_at: float | None = None
    output_bytes: int | None = None
    output_dropped_bytes: int | None = None
    version: int = 1
    held_at: float | None = None
    retry_at: float | None = None
    retries: int = 0
    """How many attempts have failed and were followed by another one."""
    mount_env: dict[str, str] | None = field(default=None, repr=False, compare=False)
    """What the mounts of a task that is being submitted sign in with: never a part of the row."""

    @property
    def terminal(self) -> bool:
        """The task has ended and will never change its status again."""
        return self.status in TERMINAL

    @property
    def gpu_indices(self) -> tuple[int, ...] | None:
        """The devices that the task holds or held."""
        return self.placement.gpu_indices if self.placement else None


class TaskChanges(TypedDict, total=False):
    """What can be changed of a task; what is absent stays."""

    name: str | None
    labels: dict[str, str]
    priority: int


class EventRow(NamedTuple):
    """Something that happened in a project."""

    number: int
    project: str
    task_id: str | None
    type: str
    at: float
    status: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    message: str | None = None


class IdempotencyKey(NamedTuple):
    """What makes a create safe to repeat."""

    key: str
    operation: str
    body_hash: bytes


class Created(NamedTuple):
    """The outcome of a create."""

    answer: bytes
    """The body of the first answer."""
    replayed: bool
    """The key was used before, and nothing was created now."""
