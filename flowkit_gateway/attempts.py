"""Attempts on their way into the engine: made durable, made ready, and started."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.engines.engine import (
    GRACE_PERIOD,
    Engine,
    Launch,
    Observation,
    Report,
    StartError,
    State,
)
from flowkit_gateway.journal import Journal
from flowkit_gateway.placement import Pool
from flowkit_gateway.store.rows import Placement, TaskRow
from flowkit_gateway.task_parts import Prepared, TaskParts

log = logging.getLogger(__name__)

_INHERITED = ("PATH", "HOME", "LANG", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR")
"""What a task sees of the gateway's own environment, unless its caller's goes before it."""


class _CancelledBeforeStart(Exception):
    """A task was cancelled while its attempt was made ready."""


class Attempts:
    """Starts attempts; a task is on its way from `begin` to the end of `start`.

    Args:
        engine: what runs them.
        journal: where each is written down before the engine acts.
        pool: what they share.
        catalogue: names what they run on.
        parts: what tasks have besides their commands.
        report: told of attempts that end before they start.
        data_dir: holds a directory for each task.
        max_output_bytes: most output that is kept of one attempt.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        pool: Pool,
        catalogue: Catalogue,
        parts: TaskParts,
        report: Report,
        *,
        data_dir: Path,
        max_output_bytes: int,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._pool = pool
        self._catalogue = catalogue
        self._parts = parts
        self._report = report
        self._data_dir = data_dir
        self._max_output_bytes = max_output_bytes
        self._inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._on_their_way: dict[str, bool | None] = {}
        """Whether a cancel came meanwhile, and if by force."""
        self._preparing: dict[str, asyncio.Future[Prepared]] = {}

    def run_dir(self, row: TaskRow, attempt: int | None = None) -> Path:
        """Return the private directory of an attempt, the newest one unless given."""
        return self.directory(row.id, attempt or row.attempt)

    def directory(self, task_id: str, attempt: int) -> Path:
        """Return the private directory of an attempt of any task."""
        return self._data_dir / "tasks" / task_id / str(attempt)

    async def begin(self, task_id: str, placement: Placement) -> TaskRow | None:
        """Write down that a queued task starts; return None if it is not queued any more."""
        self._on_their_way[task_id] = None
        row = None
        try:
            group = self._pool.group_of(placement)
            row = await self._journal.starting(
                task_id,
                placement,
                self._catalogue.instance_type(group, placement),
                simulated=group is not None and group.simulated,
            )
        finally:
            if row is None:
                del self._on_their_way[task_id]
        return row

    def give_up(self, row: TaskRow) -> None:
        """Let an attempt that was begun never start, so that its task is queued again."""
        del self._on_their_way[row.id]
        self._report(Observation(row.id, row.attempt, State.NEVER_STARTED, time.time()))

    async def start(self, row: TaskRow, placement: Placement) -> None:
        """Make an attempt ready and hand it to the engine; what goes wrong is its end."""
        try:
            prepared = await self._prepared(row)
            await self._engine.start(self._launch(row, placement, prepared))
        except _CancelledBeforeStart:
            self._end(row, "cancelled", "cancelled before it started")
        except Exception as error:  # noqa: BLE001  # an engine's own fault must not hold the GPUs
            if not isinstance(error, StartError):
                trace = "".join(traceback.format_exception(error)).rstrip()
                log.error(
                    "%s could not be started\n%s", row.id, self._parts.redacted(row.id, trace)
                )
            self._end(row, "start_failed", str(error) or type(error).__name__)
        force = self._on_their_way.pop(row.id)
        if force is not None:
            await self._engine.cancel(row.id, row.attempt, force=force)

    def cancel(self, task_id: str, *, force: bool) -> bool:
        """Note that a task on its way is to end; return False for one that is not on its way."""
        if task_id not in self._on_their_way:
            return False
        self._on_their_way[task_id] = force or bool(self._on_their_way[task_id])
        if (preparation := self._preparing.get(task_id)) is not None:
            preparation.cancel()
        return True

    async def _prepared(self, row: TaskRow) -> Prepared:
        """Make ready what an attempt needs besides its command.

        Raises:
            _CancelledBeforeStart: the task was cancelled meanwhile.
            StartError: it cannot be had.
        """
        work = self._parts.prepare(row, self.run_dir(row))
        self._preparing[row.id] = preparation = asyncio.ensure_future(work)
        try:
            prepared = await preparation
        except asyncio.CancelledError:
            if self._on_their_way[row.id] is None:
                raise
            raise _CancelledBeforeStart from None
        finally:
            del self._preparing[row.id]
        if self._on_their_way[row.id] is not None:
            raise _CancelledBeforeStart
        return prepared

    def _end(self, row: TaskRow, reason: str, message: str) -> None:
        now = time.time()
        ended = Observation(row.id, row.attempt, State.ENDED, now, reason=reason, message=message)
        self._report(ended)

    def _launch(self, row: TaskRow, placement: Placement, prepared: Prepared) -> Launch:
        settings = row.settings
        caller = cast("dict[str, str]", settings.get("caller_env") or {})
        env = cast("dict[str, str]", settings.get("env") or {})
        return Launch(
            task_id=row.id,
            attempt=row.attempt,
            run_dir=self.run_dir(row),
            command=cast("list[str]", settings["command"]),
            env={**self._inherited, **caller, **prepared.env, **env},
            working_dir=_working_dir(settings, prepared),
            cpus=placement.cpus,
            memory_bytes=placement.memory_bytes or None,
            devices=self._pool.devices(placement),
            max_run_time=cast("float | None", settings.get("max_run_time")),
            grace_period=GRACE_PERIOD,
            max_output_bytes=self._max_output_bytes,
            mounts=tuple(prepared.mounts),
            outputs=prepared.outputs,
            num_instances=cast("int", settings.get("num_instances") or 1),
            slurm=cast("dict[str, str] | None", settings.get("slurm")),
            reservation=cast("str | None", settings.get("reservation")),
            array=prepared.array,
        )


def _working_dir(settings: Mapping[str, object], prepared: Prepared) -> str | None:
    given = cast("str | None", settings.get("working_dir"))
    if given is None or given.startswith("/"):
        return given
    return str(prepared.workspace / given)
