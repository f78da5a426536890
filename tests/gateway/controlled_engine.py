"""An engine whose attempts run and end as the test says, on a machine that outlives gateways."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from flowkit_gateway.engines.engine import (
    Capabilities,
    Capacity,
    Device,
    Launch,
    Observation,
    Report,
    StartError,
    State,
)

Attempt = tuple[str, int]

GB = 1_000_000_000
CAPACITY = Capacity(cpus=4.0, memory_bytes=8 * GB, devices=())


def gpus(count: int, model: str = "a100", memory_gb: float = 80.0) -> tuple[Device, ...]:
    """Return equal devices."""
    return tuple(
        Device(index, f"{model}-{memory_gb:g}-{index}", model, memory_gb, "nvidia", False)
        for index in range(count)
    )


@dataclass
class Machine:
    """What really runs, whichever gateway looks at it."""

    capacity: Capacity = CAPACITY
    launches: dict[Attempt, Launch] = field(default_factory=dict)
    """Every attempt that was ever started."""
    ended: dict[Attempt, Observation] = field(default_factory=dict)
    void: set[Attempt] = field(default_factory=set)
    """Attempts that will never be started."""
    discarded: list[str] = field(default_factory=list)

    @property
    def running(self) -> list[Attempt]:
        """Attempts that run."""
        return [attempt for attempt in self.launches if attempt not in self.ended]

    def start(self, launch: Launch) -> None:
        """Start an attempt, once only and within what there is."""
        attempt = (launch.task_id, launch.attempt)
        assert attempt not in self.launches, "an attempt is started twice"
        assert attempt not in self.void, "an attempt is started after it was given up"
        self.launches[attempt] = launch
        held = [self.launches[each] for each in self.running]
        assert sum(each.cpus for each in held) <= self.capacity.cpus + 1e-6
        assert sum(each.memory_bytes or 0 for each in held) <= self.capacity.memory_bytes
        sources = [mount.source for each in held for mount in each.mounts]
        assert len(sources) == len(set(sources)), "two attempts hold one block volume"


class ControlledEngine:
    """Keeps the Engine protocol for one gateway; one of several in the life of a machine.

    Args:
        machine: what runs.
    """

    name = "local"

    def __init__(self, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.cancels: list[tuple[str, int, bool]] = []
        self.refusal: Exception | None = None
        """What `start` raises in place of starting."""
        self.discard_error: Exception | None = None
        """What `discard` raises in place of discarding."""
        self.gate = asyncio.Event()
        """`start` waits for it before it starts an attempt."""
        self.gate.set()
        self.fractional_gpus = True
        self.max_num_instances = 1
        self.gone = False
        """The gateway was killed: it starts nothing and sees nothing any more."""
        self._report: Report | None = None

    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_num_instances=self.max_num_instances,
            in_place=True,
            fractional_gpus=self.fractional_gpus,
            mounts="namespace",
        )

    def capacity(self) -> Capacity:
        return self.machine.capacity

    async def open(self, report: Report) -> None:
        self._report = report

    async def start(self, launch: Launch) -> None:
        await self.gate.wait()
        # Another turn of the loop, as a real engine takes before and after it acts.
        await asyncio.sleep(0)
        if self.gone:
            return
        if self.refusal is not None:
            self.machine.void.add((launch.task_id, launch.attempt))
            raise self.refusal
        self.machine.start(launch)
        await asyncio.sleep(0)
        self.report(launch.task_id, launch.attempt, State.RUNNING)

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        await asyncio.sleep(0)
        if (task_id, attempt) in self.machine.ended:
            self._tell(self.machine.ended[task_id, attempt])
        elif (task_id, attempt) in self.machine.launches:
            self.report(task_id, attempt, State.RUNNING)
        else:
            self.machine.void.add((task_id, attempt))
            self.report(task_id, attempt, State.NEVER_STARTED)
        await asyncio.sleep(0)

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        self.cancels.append((task_id, attempt, force))

    async def discard(self, task_id: str) -> None:
        if self.discard_error is not None:
            raise self.discard_error
        self.machine.discarded.append(task_id)

    async def close(self) -> None:
        self._report = None

    def report(self, task_id: str, attempt: int, state: State) -> None:
        """Let the gateway see a state of an attempt."""
        now = time.time()
        self._tell(Observation(task_id, attempt, state, now, started_at=now))

    def end(
        self,
        attempt: Attempt,
        *,
        state: State = State.ENDED,
        exit_code: int | None = 0,
        reason: str | None = "exited",
        message: str | None = None,
    ) -> None:
        """Let an attempt end."""
        observation = Observation(
            *attempt,
            state,
            time.time(),
            exit_code=exit_code,
            reason=reason,
            message=message,
            output_bytes=1,
        )
        self.machine.ended[attempt] = observation
        self._tell(observation)

    def _tell(self, observation: Observation) -> None:
        if self._report is not None and not self.gone:
            self._report(observation)


__all__ = ["GB", "Attempt", "ControlledEngine", "Machine", "StartError", "State", "gpus"]
