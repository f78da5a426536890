"""One attempt as the engine follows it: its jobs, its directory, and what was told of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from flowkit_gateway.engines.engine import Observation, State
from flowkit_gateway.engines.local import claim, outcome
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.node_dirs import output_bytes
from flowkit_gateway.engines.slurm.cluster_job import JOB_FILE
from flowkit_gateway.engines.slurm.jobs import Job, Key, Name, name_of

LOG_FILE = "slurm.log"
_CANCELLED = "cancel-asked"


class Attempt:
    """An attempt.

    Args:
        key: its task and number.
        run_dir: its directory; it exists.
    """

    def __init__(self, key: Key, run_dir: Path) -> None:
        self.key = key
        self.run_dir = run_dir
        self.name = name_of(key)
        """What its jobs are known by."""
        self.array_id: str | None = None
        """Of the attempts that it is submitted with, once it is."""
        self.slurm_log = run_dir / LOG_FILE
        """What Slurm itself and the wrapper have to say, apart from the task's own output."""
        self.known_since = time.monotonic()
        """When Slurm was last asked for it, or it was taken up: older lists do not tell of it."""
        self.submitting = False
        self.running = False
        """RUNNING was reported."""
        self.waits_for = ""
        """Why it waited at the last look."""
        self.told = ""
        """What QUEUED was last reported with."""
        self.force: bool | None = None
        """Whether a cancel is to be forced; None without one."""
        self.cancel_sent_at: float | None = None
        self._over_since: float | None = None
        self.jobs: set[str] = set()
        """Slurm's numbers of them: one, or two when Slurm's first answer was lost."""

    def join(self, array_id: str, name: Name, log: Path) -> None:
        """Make it an element of an array, where Slurm writes what it has to say elsewhere."""
        self.array_id, self.name, self.slurm_log = array_id, name, log

    def note_cancel(self, *, force: bool) -> None:
        """Note that somebody wants it to end, also for later gateways."""
        self.force = force or bool(self.force)
        self.cancel_sent_at = None
        if self.run_dir.is_dir():
            (self.run_dir / _CANCELLED).touch()

    @property
    def may_be_submitted(self) -> bool:
        """It was written down for its nodes, without which nothing was ever submitted."""
        return (self.run_dir / JOB_FILE).exists()

    @property
    def cancelled(self) -> bool:
        """Somebody has asked flowkit for its end."""
        return self.force is not None or (self.run_dir / _CANCELLED).exists()

    @property
    def claimed(self) -> bool:
        """A node has begun to run it."""
        owner = claim.read(str(self.run_dir))
        return owner is not None and not owner.void

    @property
    def begun_at(self) -> float:
        """When a node began to run it."""
        return os.stat(self.run_dir / "claim").st_mtime

    def give_up(self) -> bool:
        """Make sure that it is never run; return False when a node has begun to run it."""
        return claim.void(str(self.run_dir)) or not self.claimed

    def over_for(self) -> float:
        """Return how many seconds ago it was first asked for how long no job of it runs."""
        now = time.monotonic()
        if self._over_since is None:
            self._over_since = now
        return now - self._over_since

    def last_words(self) -> str:
        """Return the last thing that Slurm or the wrapper said of it."""
        try:
            with open(self.slurm_log, errors="replace") as file:
                lines = [line.strip() for line in file.read()[-4096:].splitlines()]
        except FileNotFoundError:
            return ""
        return next((line for line in reversed(lines) if line), "")

    def outcome(self) -> Outcome | None:
        """Return how it ended, if it has."""
        return outcome.read(str(self.run_dir))

    def observation(self, state: State, ended: Outcome | None = None) -> Observation:
        """Return what to report of it."""
        if ended is None:
            at = time.time()
            return Observation(*self.key, state, at, output_bytes=output_bytes(str(self.run_dir)))
        return Observation(
            *self.key,
            state,
            ended.finished_at,
            started_at=ended.started_at,
            exit_code=ended.exit_code,
            reason=ended.reason,
            message=ended.message or None,
            output_bytes=output_bytes(str(self.run_dir)),
            output_dropped_bytes=ended.output_dropped,
        )


def newest(jobs: Iterable[Job]) -> Job | None:
    """Return the job that tells how an attempt fares: one that runs before one that waits."""
    return max(jobs, key=lambda job: (job.runs, job.ending, job.waits, job.id), default=None)
