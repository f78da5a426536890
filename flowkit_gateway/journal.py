"""What becomes of tasks, made durable and told: each change of a status is one entry."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from flowkit_gateway.changes import Changes
from flowkit_gateway.engines.engine import Observation, State
from flowkit_gateway.problems import StorageFull, Unavailable
from flowkit_gateway.store.attempts import AttemptRow
from flowkit_gateway.store.rows import Placement, TaskRow
from flowkit_gateway.store.store import Change, Store

log = logging.getLogger(__name__)

_STORAGE_RETRY = 1.0


class Journal:
    """Writes down what happens to tasks.

    A full or locked disk delays an entry and loses nothing. An entry that does not follow from
    the task's state, such as news of an older attempt, is left out.

    Args:
        store: the rows.
        changes: told of every entry once it is durable.
        moved: likewise, with the task.
    """

    def __init__(
        self, store: Store, changes: Changes, moved: Callable[[TaskRow], None] = lambda _: None
    ) -> None:
        self._store = store
        self._changes = changes
        self._moved = moved
        self._closing = False

    def close(self) -> None:
        """Wait for the disk no longer; the next gateway finds out again what is not written."""
        self._closing = True

    async def starting(
        self, task_id: str, placement: Placement, instance_type: str, *, simulated: bool
    ) -> TaskRow | None:
        """Begin the next attempt of a queued task; return None if it is not queued any more."""
        return await self._enter(
            task_id,
            allowed=["pending"],
            event="task.starting",
            at=time.time(),
            changes={
                "status": "starting",
                "placement": placement,
                "instance_type": instance_type,
                "simulated": simulated,
            },
            next_attempt=True,
        )

    async def queued(self, seen: Observation) -> None:
        """Note what an attempt waits for in the queue of its engine."""
        await self._enter(
            seen.task_id,
            allowed=["starting"],
            event="task.updated",
            at=seen.at,
            attempt=seen.attempt,
            changes={"message": seen.message},
        )

    async def running(self, seen: Observation) -> None:
        """Note that an attempt runs."""
        await self._enter(
            seen.task_id,
            allowed=["starting"],
            event="task.running",
            at=seen.at,
            attempt=seen.attempt,
            changes={
                "status": "running",
                "started_at": seen.started_at or seen.at,
                # What it was queued for.
                "message": None,
            },
        )

    async def ended(self, seen: Observation) -> None:
        """Note how an attempt and with it the task ended."""
        status, reason, message = outcome(seen)
        changes: dict[str, Change] = {
            "status": status,
            "reason": reason,
            "message": message,
            "exit_code": seen.exit_code,
            "finished_at": seen.at,
            "output_bytes": seen.output_bytes,
            "output_dropped_bytes": seen.output_dropped_bytes or None,
        }
        if seen.started_at is not None:
            changes["started_at"] = seen.started_at
        await self._enter(
            seen.task_id,
            allowed=["starting", "running"],
            event=f"task.{status}",
            at=seen.at,
            attempt=seen.attempt,
            changes=changes,
        )

    async def never_started(self, seen: Observation) -> TaskRow | None:
        """Put a task back into the queue; return None if it is not to be queued again."""
        row = await self._enter(
            seen.task_id,
            allowed=["starting"],
            event="task.pending",
            at=seen.at,
            attempt=seen.attempt,
            changes={"status": "pending", "placement": None, "instance_type": None},
        )
        if row is None:
            # It was seen running before, so that whatever it has done must not be done again.
            message = "it ran, but everything that tells what became of it is gone"
            await self.ended(seen._replace(state=State.LOST, message=message))
        elif row.cancel_requested_at is not None:
            await self.cancelled(row)
            return None
        return row

    async def retrying(self, row: TaskRow, seen: Observation, delay: float) -> TaskRow | None:
        """Note that an attempt has failed and another one follows.

        Args:
            row: the task as it was while the attempt ran.
            seen: how the attempt ended.
            delay: seconds after which the next one may start.

        Returns:
            The task, pending again; None when it is not to be started again after all.
        """
        status, reason, message = outcome(seen)
        attempt = AttemptRow(
            seen.attempt,
            status,
            reason,
            message,
            seen.exit_code,
            seen.started_at or row.started_at,
            seen.at,
            seen.output_bytes,
        )
        retry_at = time.time() + delay
        retried = await self._written(
            f"{row.id}: task.retrying",
            lambda: self._store.retry_task(row, attempt, retry_at),
        )
        if retried is None:
            await self.ended(seen)
        return retried

    async def cancelled(self, row: TaskRow) -> None:
        """End a queued task that was cancelled."""
        await self._end_queued(row, "cancelled", "cancelled", "cancelled before it started")

    async def dependency_failed(self, row: TaskRow, why: str) -> None:
        """End a queued task that depends on what can never be."""
        await self._end_queued(row, "failed", "dependency_failed", why)

    async def reservation_ended(self, row: TaskRow) -> bool:
        """End a queued task whose reservation has ended; return False if it is not queued."""
        message = "its reservation ended before it started"
        return await self._end_queued(row, "failed", "reservation_ended", message)

    async def given_up(self, row: TaskRow, why: str) -> None:
        """End a queued task that this gateway cannot run, though an earlier one could."""
        message = f"the gateway was started anew and cannot run it any more: {why}"
        await self._end_queued(row, "failed", "no_capacity", message)

    async def _end_queued(self, row: TaskRow, status: str, reason: str, message: str) -> bool:
        now = time.time()
        ended = await self._enter(
            row.id,
            allowed=["pending"],
            event=f"task.{status}",
            at=now,
            changes={"status": status, "reason": reason, "message": message, "finished_at": now},
        )
        return ended is not None

    async def _enter(
        self,
        task_id: str,
        *,
        allowed: Sequence[str],
        event: str,
        at: float,
        changes: Mapping[str, Change],
        attempt: int | None = None,
        next_attempt: bool = False,
    ) -> TaskRow | None:
        return await self._written(
            f"{task_id}: {event}",
            lambda: self._store.transition(
                task_id,
                allowed=allowed,
                event=event,
                at=at,
                attempt=attempt,
                changes=changes,
                next_attempt=next_attempt,
            ),
        )

    async def _written(
        self, what: str, write: Callable[[], Awaitable[TaskRow | None]]
    ) -> TaskRow | None:
        """Write an entry, however long it takes, and tell of it."""
        while True:
            try:
                row = await write()
            except (StorageFull, Unavailable) as error:
                if self._closing:
                    return None
                log.warning("%s cannot be recorded yet: %s", what, error)
                await asyncio.sleep(_STORAGE_RETRY)
                continue
            if row is not None:
                self._changes.publish(row.project, row.id)
                self._moved(row)
            return row


def outcome(seen: Observation) -> tuple[str, str, str | None]:
    """Return the status, reason and message of an attempt that is over."""
    if seen.state is State.LOST:
        message = seen.message or "the machine or the task's supervisor went away"
        return "failed", seen.reason or "node_lost", message
    reason = seen.reason or "exited"
    if reason == "cancelled":
        return "cancelled", reason, seen.message
    if reason == "exited" and seen.exit_code == 0:
        return "completed", reason, seen.message
    return "failed", reason, seen.message
