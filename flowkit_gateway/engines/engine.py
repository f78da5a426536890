"""The protocol between the scheduler and whatever runs tasks."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

GRACE_PERIOD = 5.0
"""Seconds between asking a task to stop and killing it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator of a node."""

    index: int
    """Position on its node, as the vendor's library counts."""
    uuid: str
    model: str
    """Canonical model name of the GPU grammar, such as `a100`."""
    memory_gb: float
    vendor: str
    simulated: bool


class Node(NamedTuple):
    """One machine of a cluster."""

    name: str
    cpus: float
    memory_bytes: int
    devices: tuple[Device, ...]


class Capacity(NamedTuple):
    """What tasks share on this engine."""

    cpus: float
    memory_bytes: int
    devices: tuple[Device, ...]
    nodes: tuple[Node, ...] = ()
    """The machines of an engine that has several; the fields above are then what the largest ones
    have, as nothing that one instance needs can be spread over two machines."""


class Capabilities(NamedTuple):
    """What an engine can do; a request for more is refused at submit."""

    max_num_instances: int
    in_place: bool
    """Tasks may run in a directory of the gateway's machine."""
    fractional_gpus: bool
    most_queued: int | None = None
    """Most tasks that the engine has at a time, where it has a queue of its own and is handed them
    also when nothing is free; None where it runs at once what it is handed."""
    arrays: bool = False
    """Attempts of one `Array` are to be handed over all at once: the engine keeps its bound."""
    mounts: Literal["namespace", "links"] | None = None
    """How mounts are made: really, in a view of the task's own; by links whose paths the task is
    told, where the machine forbids the former; or not at all. Known once the engine is open."""


class BindMount(NamedTuple):
    """A directory or file of the engine's machine that an attempt sees at another path."""

    target: str
    """Absolute path at which it is seen."""
    source: Path
    read_only: bool


class Array(NamedTuple):
    """Attempts of many tasks that are alike in all that an engine has to provide."""

    id: str
    size: int
    """How many there are now that have not ended, handed over or not."""
    max_running: int | None
    """Most of them that may run at a time; None for any number."""


class Launch(NamedTuple):
    """One attempt of a task, ready to be started."""

    task_id: str
    attempt: int
    run_dir: Path
    """Private directory of the attempt; the engine keeps logs and status in it.

    `workspace` in it may be there already, with what the task starts from.
    """
    command: Sequence[str]
    env: Mapping[str, str]
    """The whole environment of the command."""
    working_dir: str | None
    """Where to run; None for the private `workspace` in `run_dir`."""
    cpus: float
    """Of each instance."""
    memory_bytes: int | None
    """Most memory that each instance may use; None for no bound."""
    devices: tuple[Device, ...]
    """Of all instances, one after the other in equal parts; those of each where the engine itself
    chooses the machines."""
    max_run_time: float | None
    """Seconds after which the engine itself ends the attempt."""
    grace_period: float
    """Seconds between asking a task to stop and killing it."""
    max_output_bytes: int
    mounts: tuple[BindMount, ...] = ()
    outputs: tuple[str, ...] = ()
    """Patterns, relative to the working directory, of what is copied into `outputs` in `run_dir`
    once the command has ended, before ENDED is reported."""
    num_instances: int = 1
    """Nodes that run the command at once, all or none of them, whether machines or parts of one."""
    slurm: Mapping[str, str] | None = None
    """Flags of `sbatch`; other engines leave them aside."""
    reservation: str | None = None
    """The reservation that it runs in, for an engine that places attempts itself."""
    array: Array | None = None
    """What else it is to run with, on engines that have arrays."""


class State(enum.Enum):
    """What an engine can observe of an attempt."""

    QUEUED = "queued"
    """The attempt waits in the queue of the engine itself; `message` says for what."""
    RUNNING = "running"
    ENDED = "ended"
    """The attempt has an outcome: `exit_code`, `reason` and `message` say which."""
    LOST = "lost"
    """The attempt had started and is gone without an outcome."""
    NEVER_STARTED = "never_started"
    """The attempt was not started and never will be; it is safe to start another."""


class Observation(NamedTuple):
    """What an engine saw of an attempt."""

    task_id: str
    attempt: int
    state: State
    at: float
    """Unix time of the change."""
    started_at: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    """A `TaskReason` of the contract."""
    message: str | None = None
    output_bytes: int = 0
    output_dropped_bytes: int = 0


Report = Callable[[Observation], None]
"""Takes an observation on the event loop's thread; must not block."""


class StartError(Exception):
    """An attempt could not be started; its text says why."""


class Engine(Protocol):
    """Runs attempts. All methods are called on one event loop."""

    name: str

    def capabilities(self) -> Capabilities:
        """Say what the engine can do."""

    def capacity(self) -> Capacity:
        """Say what there is to share; constant while the engine is open."""

    async def open(self, report: Report) -> None:
        """Begin to report observations."""

    async def start(self, launch: Launch) -> None:
        """Start an attempt and report RUNNING and, in time, ENDED or LOST.

        An engine that queues may report QUEUED, more than once, before RUNNING.

        Raises:
            StartError: the attempt was not started and never will be.
        """

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        """Take up an attempt of an earlier gateway: report what became of it, now or in time.

        Exactly one of RUNNING (then ENDED or LOST), ENDED, LOST or NEVER_STARTED is reported; an
        engine that queues may report QUEUED before.
        """

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        """Ask an attempt to end; `force` kills it at once. ENDED is reported when it did."""

    async def discard(self, task_id: str) -> None:
        """Remove what is kept of a finished task (its run directories)."""

    async def close(self) -> None:
        """Stop observing. Attempts live on."""
