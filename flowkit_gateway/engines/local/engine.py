"""The local engine: tasks are processes of this machine, each under its own supervisor."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flowkit_gateway.engines.engine import (
    Capabilities,
    Capacity,
    Launch,
    Observation,
    Report,
    StartError,
    State,
)
from flowkit_gateway.engines.launched import job_of
from flowkit_gateway.engines.local import (
    cgroups,
    claim,
    devices,
    leftovers,
    mount_links,
    outcome,
    outputs,
    procfs,
)
from flowkit_gateway.engines.local.environment import node_environments, task_environment
from flowkit_gateway.engines.local.forkserver import ForkServer, Spawned
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.local.watch import ProcessWatch
from flowkit_gateway.engines.node_dirs import node_dirs, output_bytes
from flowkit_gateway.engines.removal import remove_tree

if TYPE_CHECKING:
    from flowkit_gateway.engines.local.forked_nodes import LocalGang

_log = logging.getLogger(__name__)

_RETRY_AFTER = 1.0
_MOST_INSTANCES = 64
"""More processes than one machine is for, as each is to have a part of it."""


class _Attempt:
    """An attempt that this engine watches."""

    def __init__(self, task_id: str, number: int, run_dir: Path) -> None:
        self.task_id = task_id
        self.number = number
        self.run_dir = str(run_dir)
        self.watch: ProcessWatch | None = None
        self.cancel_asked: bool | None = None
        """Whether a cancel is to be forced; None without one."""


class LocalEngine:
    """Runs attempts as processes; implements `engine.Engine`.

    Args:
        tasks_dir: Directory with one directory for each task, which has one for each attempt.
        task_umask: Umask of the commands, which a gateway's own should not be; -1 for that of
            this process. The files of an attempt are private whatever it is.
        namespaces: Whether mounts may be made in namespaces, where the machine allows it; unless
            given, not with `never` in the variable `FLOWKIT_NAMESPACES`.
    """

    name = "local"

    def __init__(
        self, tasks_dir: Path, *, task_umask: int = -1, namespaces: bool | None = None
    ) -> None:
        self._tasks_dir = tasks_dir
        if namespaces is None:
            namespaces = os.environ.get("FLOWKIT_NAMESPACES", "").lower() != "never"
        self._namespaces = namespaces
        self._fork_server = ForkServer(task_umask)
        self._attempts: dict[tuple[str, int], _Attempt] = {}
        self._sweeps: set[asyncio.Task[None]] = set()
        self._capacity: Capacity | None = None
        self._memory_root: cgroups.MemoryRoot | None = None
        self._boot_id = ""
        self._report: Report | None = None

    def capabilities(self) -> Capabilities:
        """Say what the engine can do."""
        return Capabilities(
            max_num_instances=_MOST_INSTANCES,
            in_place=True,
            fractional_gpus=True,
            mounts="namespace" if self._namespaces else "links",
        )

    def capacity(self) -> Capacity:
        """Say what there is to share; found out once."""
        if self._capacity is None:
            self._capacity = devices.discover()
        return self._capacity

    async def open(self, report: Report) -> None:
        """Begin to report observations."""
        self._report = report
        self._boot_id = procfs.boot_id()
        self._memory_root = cgroups.memory_root()
        await self._fork_server.open()
        # The vendor's library takes its time, and a spawner can start meanwhile.
        discovery = asyncio.to_thread(self.capacity)
        if self._namespaces:
            _, self._namespaces = await asyncio.gather(discovery, self._may_mount())
        else:
            await discovery

    async def start(self, launch: Launch) -> None:
        """Start an attempt and report RUNNING and, in time, ENDED or LOST.

        Raises:
            StartError: the attempt was not started and never will be.
        """
        attempt = _Attempt(launch.task_id, launch.attempt, launch.run_dir)
        _prepare(attempt.run_dir)
        if launch.mounts and not self._namespaces:
            launch = mount_links.with_links(launch)
        self._attempts[attempt.task_id, attempt.number] = attempt
        try:
            spawned = await self._fork_server.spawn(self._job(launch))
        except StartError:
            del self._attempts[attempt.task_id, attempt.number]
            if self._owner(attempt) is None:
                raise
            # A spawner that has died since had started it.
            await self.attach(launch.task_id, launch.attempt, launch.run_dir)
            return
        self._observe(attempt, State.RUNNING, started_at=time.time())
        self._watch(attempt, spawned)

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        """Take up an attempt of an earlier gateway: report what became of it, now or in time.

        Exactly one of RUNNING (then ENDED or LOST), ENDED, LOST or NEVER_STARTED is reported.
        """
        taken = _Attempt(task_id, attempt, run_dir)
        _make_private(taken.run_dir)
        # A supervisor that was forked but has not claimed its attempt yet must not run it now.
        owner = self._owner(taken)
        if owner is None:
            self._observe(taken, State.NEVER_STARTED)
            return
        self._attempts[task_id, attempt] = taken
        if self._runs(owner) and outcome.read(taken.run_dir) is None:
            self._observe(taken, State.RUNNING, started_at=os.stat(f"{run_dir}/claim").st_mtime)
        self._settle(taken)

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        """Ask an attempt to end; `force` kills it at once. ENDED is reported when it did."""
        found = self._attempts.get((task_id, attempt))
        if found is None:
            return
        found.cancel_asked = force or bool(found.cancel_asked)
        self._pass_on_cancel(found)

    async def discard(self, task_id: str) -> None:
        """Remove what is kept of a finished task (its run directories)."""
        await asyncio.to_thread(remove_tree, self._tasks_dir / task_id)

    async def close(self) -> None:
        """Stop observing. Attempts live on."""
        self._report = None
        await self._fork_server.close()
        for attempt in self._attempts.values():
            if attempt.watch:
                attempt.watch.close()
        self._attempts.clear()
        if self._sweeps:
            await asyncio.wait(self._sweeps)

    async def _may_mount(self) -> bool:
        try:
            return await self._fork_server.may_mount()
        except StartError as error:
            _log.error("cannot find out how to make mounts, so they will be links: %s", error)
            return False

    def _job(self, launch: Launch) -> LocalGang:
        real = any(not device.simulated for device in self.capacity().devices)
        node_env = node_environments(launch, real_devices=real)
        return {
            **job_of(launch, {**task_environment(launch), **node_env[0]}),
            "node_env": node_env,
            "memory_root": list(self._memory_root) if self._memory_root else None,
        }

    def _watch(self, attempt: _Attempt, process: Spawned) -> None:
        if self._report is None:
            return

        def ended() -> None:
            attempt.watch = None
            self._settle(attempt)

        # A supervisor that was gone before it was looked at matches no start time.
        start_time = -1 if process.start_time is None else process.start_time
        attempt.watch = ProcessWatch(process.pid, start_time, ended)
        self._pass_on_cancel(attempt)

    def _pass_on_cancel(self, attempt: _Attempt) -> None:
        # Also to a process that is found to own the attempt in place of the one first watched.
        if attempt.watch and attempt.cancel_asked is not None:
            attempt.watch.signal(signal.SIGUSR1 if attempt.cancel_asked else signal.SIGTERM)
            attempt.watch.signal(signal.SIGCONT)

    def _runs(self, owner: claim.Claim) -> bool:
        return owner.boot_id == self._boot_id and procfs.alive(owner.pid, owner.start_time)

    def _settle(self, attempt: _Attempt) -> None:
        """Report how an attempt ended, unless the process that owns it still runs."""
        if self._report is None:
            return
        try:
            ended = outcome.read(attempt.run_dir)
            owner = None if ended else self._owner(attempt)
            if ended is None and owner is not None and self._runs(owner):
                self._watch(attempt, Spawned(owner.pid, owner.start_time))
                return
            # It may have ended between the two looks.
            ended = ended or outcome.read(attempt.run_dir)
        except OSError as error:
            _log.warning("cannot read what became of %s: %s", attempt.run_dir, error)
            asyncio.get_running_loop().call_later(_RETRY_AFTER, self._settle, attempt)
            return
        if ended is not None:
            self._observe(attempt, State.ENDED, ended)
        elif owner is None:
            message = f"the command was never started: {outcome.why_missing(attempt.run_dir)}"
            now = time.time()
            self._observe(attempt, State.ENDED, Outcome(None, "start_failed", message, now, now, 0))
        else:
            self._lose(attempt, owner)

    def _owner(self, attempt: _Attempt) -> claim.Claim | None:
        """Return who claimed the attempt; None when nobody did, and then nobody ever will."""
        if claim.void(attempt.run_dir):
            return None
        owner = claim.read(attempt.run_dir)
        return None if owner is None or owner.void else owner

    def _lose(self, attempt: _Attempt, owner: claim.Claim) -> None:
        """Report an attempt as lost once nothing of it runs any more."""

        async def sweep() -> None:
            owners = [owner, *_node_owners(attempt.run_dir)]
            await asyncio.to_thread(leftovers.kill, attempt.task_id, attempt.number, owners)
            if self._memory_root:
                for each in owners:
                    name = cgroups.group_name(each.pid, each.start_time)
                    cgroups.remove(f"{self._memory_root.path}/{name}")
            await asyncio.to_thread(remove_tree, Path(attempt.run_dir, outputs.PARTIAL))
            self._observe(attempt, State.LOST, message=outcome.why_missing(attempt.run_dir))

        if owner.boot_id != self._boot_id:
            self._observe(attempt, State.LOST, message="the machine was restarted")
            return
        task = asyncio.get_running_loop().create_task(sweep())
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    def _observe(
        self,
        attempt: _Attempt,
        state: State,
        ended: Outcome | None = None,
        *,
        started_at: float | None = None,
        message: str | None = None,
    ) -> None:
        if self._report is None:
            return
        if state is not State.RUNNING:
            self._attempts.pop((attempt.task_id, attempt.number), None)
        observation = Observation(
            attempt.task_id,
            attempt.number,
            state,
            at=ended.finished_at if ended else time.time(),
            started_at=ended.started_at if ended else started_at,
            exit_code=ended.exit_code if ended else None,
            reason=ended.reason if ended else None,
            message=(ended.message or None) if ended else message,
            output_bytes=output_bytes(attempt.run_dir),
            output_dropped_bytes=ended.output_dropped if ended else 0,
        )
        self._report(observation)


def _prepare(run_dir: str) -> None:
    try:
        _make_private(run_dir)
    except OSError as error:
        raise StartError(f"cannot create {run_dir}: {error.strerror}") from error
    if os.path.lexists(f"{run_dir}/claim"):
        raise StartError("the attempt was started or given up before")


def _make_private(run_dir: str) -> None:
    # makedirs gives the mode to the last directory only.
    os.makedirs(os.path.dirname(run_dir), mode=0o700, exist_ok=True)
    os.makedirs(run_dir, mode=0o700, exist_ok=True)


def _node_owners(run_dir: str) -> list[claim.Claim]:
    """Return who has claimed the nodes of an attempt; the others will never be run."""
    owners = (claim.read(each) for each in node_dirs(run_dir) if not claim.void(each))
    return [owner for owner in owners if owner is not None and not owner.void]
