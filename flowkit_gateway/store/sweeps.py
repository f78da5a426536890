"""Sweeps and their cases, with the SQL that keeps them.

How many cases are in each state stands in the sweep's own row, changed with every case in one
transaction: no event of a case looks at the others.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, cast

import msgspec

from flowkit_gateway.problems import Conflict, SweepNotFound
from flowkit_gateway.store.columns import Value
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey, TaskRow
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.sweep_rows import CaseRow, SweepPlan, SweepRow

_COLUMNS = (
    "id, project, created_by, name, status, combine, max_parallel, on_failure, created_at,"
    " finished_at, cancel_requested_at, pending, active, completed, failed, cancelled, last_end"
)
_CASE_COLUMNS = (
    "number, status, attempt, task_id, exit_code, reason, message, finished_at, end_number"
)
_LISTED = "`flowkit sweep ls` lists the sweeps"
_SELECT = f"SELECT {_COLUMNS} FROM sweeps"


class CaseTaken(Exception):
    """A case is not in the state any more that a change starts from; nothing was changed."""


class SweepStore:
    """The sweeps of one gateway, in the database of its tasks.

    Args:
        store: the gateway's rows.
        bounded_by_engine: whether the engine holds how many cases of a sweep run at a time, so
            that all of their tasks are to be created at once.
    """

    def __init__(self, store: Store, *, bounded_by_engine: bool = False) -> None:
        self._database = store.database
        self._answers = store.answers
        self._bounded_by_engine = bounded_by_engine

    async def create(
        self, row: SweepRow, plan: SweepPlan, key: IdempotencyKey | None, answer: bytes
    ) -> Created:
        """Add a sweep, all of its cases and the idempotency key, all or nothing.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """

        def work(connection: Transaction) -> None:
            connection.execute(
                f"INSERT INTO sweeps ({_COLUMNS}) VALUES ({', '.join('?' * 17)})", astuple(row)
            )
            connection.execute(
                "INSERT INTO sweep_plans (sweep_id, task, parameters, encrypted_mount_env)"
                " VALUES (?, ?, ?, ?)",
                (row.id, _json(plan.task), _json(plan.parameters), plan.encrypted_mount_env),
            )
            connection.executemany(
                "INSERT INTO sweep_cases (sweep_id, number, status, attempt)"
                " VALUES (?, ?, 'pending', 1)",
                [(row.id, number) for number in range(row.pending)],
            )

        return await self._answers.create(row.project, key, answer, work)

    def get(self, project: str, sweep_id: str) -> SweepRow:
        """Return a sweep of the project.

        Raises:
            SweepNotFound: there is none.
        """
        found = self._database.read(f"{_SELECT} WHERE id = ? AND project = ?", (sweep_id, project))
        if not found:
            raise SweepNotFound(f"there is no sweep {sweep_id}", hint=_LISTED)
        return SweepRow(*found[0])

    def plan(self, sweep_id: str) -> SweepPlan:
        """Return what a sweep that is there runs."""
        query = "SELECT task, parameters, encrypted_mount_env FROM sweep_plans WHERE sweep_id = ?"
        ((task, parameters, encrypted),) = self._database.read(query, (sweep_id,))
        return SweepPlan(msgspec.json.decode(task), msgspec.json.decode(parameters), encrypted)

    def page(
        self, project: str, *, name: str | None, before: str | None, limit: int
    ) -> Sequence[SweepRow]:
        """Return sweeps of the project, newest first.

        Args:
            name: only sweeps of this name.
            before: only sweeps that are older than this id.
            limit: most rows to return.
        """
        condition, values = "project = ?", list[Value]([project])
        if name is not None:
            condition += " AND name = ?"
            values.append(name)
        if before is not None:
            condition += " AND id < ?"
            values.append(before)
        query = f"{_SELECT} WHERE {condition} ORDER BY id DESC LIMIT ?"
        return [SweepRow(*found) for found in self._database.read(query, (*values, limit))]

    def unfinished(self) -> Sequence[SweepRow]:
        """Return every sweep of every project that has not ended."""
        query = f"{_SELECT} WHERE status IN ('running', 'stopping') ORDER BY id"
        return [SweepRow(*found) for found in self._database.read(query)]

    def cases(
        self, sweep_id: str, *, status: str | None = None, after: int = -1, limit: int
    ) -> Sequence[CaseRow]:
        """Return cases in their order.

        Args:
            status: only cases in this state.
            after: only cases of a higher number.
            limit: most rows to return.
        """
        condition, values = "sweep_id = ? AND number > ?", list[Value]([sweep_id, after])
        if status is not None:
            condition += " AND status = ?"
            values.append(status)
        query = f"SELECT {_CASE_COLUMNS} FROM sweep_cases WHERE {condition} ORDER BY number LIMIT ?"
        return [CaseRow(*found) for found in self._database.read(query, (*values, limit))]

    def ended_cases(self, sweep_id: str, *, after: int, limit: int) -> Sequence[CaseRow]:
        """Return ended cases in the order in which they ended, those after an end's number."""
        query = (
            f"SELECT {_CASE_COLUMNS} FROM sweep_cases WHERE sweep_id = ? AND end_number > ?"
            " ORDER BY end_number LIMIT ?"
        )
        return [CaseRow(*found) for found in self._database.read(query, (sweep_id, after, limit))]

    def room(self, row: SweepRow) -> int:
        """Return of how many cases the tasks may be created now."""
        if row.status != "running":
            return 0
        if row.max_parallel is None or self._bounded_by_engine:
            return row.pending
        return max(0, min(row.pending, row.max_parallel - row.active))

    def begin_case(self, connection: Transaction, task: TaskRow) -> None:
        """Note the task of a case, in the transaction that creates the task.

        Whatever several gateways or an older one are about: a case gets one task, and no sweep
        more tasks at a time than it may have.

        Raises:
            CaseTaken: it is not to be started any more, or not now.
        """
        sweep_id, number = task.settings["sweep_id"], task.settings["sweep_case"]
        _change(
            connection,
            "UPDATE sweeps SET pending = pending - 1, active = active + 1 WHERE id = ?"
            " AND status = 'running' AND (? OR max_parallel IS NULL OR active < max_parallel)",
            (sweep_id, self._bounded_by_engine),
        )
        _change(
            connection,
            "UPDATE sweep_cases SET status = 'active', task_id = ?"
            " WHERE sweep_id = ? AND number = ? AND status = 'pending'",
            (task.id, sweep_id, number),
        )

    async def end_case(self, sweep_id: str, number: int, task: TaskRow) -> SweepRow | None:
        """Note how the task of a case ended, and what that means for the sweep.

        Returns:
            The sweep after that, or None when the case has no such unfinished task.
        """
        return await self._end(
            sweep_id,
            ("active", number, task.id),
            task.status,
            (task.exit_code, task.reason, task.message, task.finished_at or time.time()),
        )

    async def lose_case(self, sweep_id: str, number: int, task_id: str) -> SweepRow | None:
        """Note that the task of a case is gone without a word of how it ended."""
        message = "its task was deleted before its end was noted"
        outcome = (None, None, message, time.time())
        return await self._end(sweep_id, ("active", number, task_id), "failed", outcome)

    async def refuse_case(self, sweep_id: str, number: int, message: str) -> SweepRow | None:
        """Note that no task can be created for a case, and why."""
        outcome = (None, "start_failed", message, time.time())
        return await self._end(sweep_id, ("pending", number, None), "failed", outcome)

    async def _end(
        self,
        sweep_id: str,
        case: tuple[str, int, str | None],
        status: str,
        outcome: tuple[int | None, str | None, str | None, float],
    ) -> SweepRow | None:
        was, number, task_id = case

        def work(connection: Transaction) -> SweepRow:
            row = _change(
                connection,
                f"UPDATE sweeps SET {was} = {was} - 1, {status} = {status} + 1,"
                " last_end = last_end + 1 WHERE id = ?",
                (sweep_id,),
            )
            same = "task_id IS NULL" if task_id is None else "task_id = ?"
            _change(
                connection,
                "UPDATE sweep_cases SET status = ?, exit_code = ?, reason = ?, message = ?,"
                " finished_at = ?, end_number = ?"
                f" WHERE sweep_id = ? AND number = ? AND status = ? AND {same}",
                (status, *outcome, row[-1], sweep_id, number, was)
                + (() if task_id is None else (task_id,)),
            )
            sweep = SweepRow(*row)
            if status == "failed" and sweep.on_failure == "stop" and sweep.status == "running":
                sweep = _stop(connection, sweep, "a case before it failed", outcome[-1])
            return _settle(connection, sweep, outcome[-1])

        try:
            return await self._database.write(work)
        except CaseTaken:
            return None

    async def cancel(self, project: str, sweep_id: str) -> SweepRow:
        """Cancel the cases that have no task yet, and note the wish for the others.

        Returns:
            The sweep after that; one that has ended is returned as it is.

        Raises:
            SweepNotFound: the project has no such sweep.
        """
        now = time.time()

        def work(connection: Transaction) -> SweepRow:
            row = _find(connection, project, sweep_id)
            if row.terminal or row.cancel_requested_at is not None:
                return row
            connection.execute(
                "UPDATE sweeps SET cancel_requested_at = ? WHERE id = ?", (now, sweep_id)
            )
            if row.status == "running":
                _stop(connection, row, "cancelled before it started", now)
            return _settle(connection, _find(connection, project, sweep_id), now)

        return await self._database.write(work)

    async def retry(self, project: str, sweep_id: str) -> SweepRow:
        """Let the cases run again that failed or were cancelled.

        Returns:
            The sweep after that; one without such cases is returned as it is.

        Raises:
            SweepNotFound: the project has no such sweep.
            Conflict: it is stopping.
        """

        def work(connection: Transaction) -> SweepRow:
            row = _find(connection, project, sweep_id)
            if row.status == "stopping":
                raise Conflict(f"{sweep_id} is stopping", hint="retry it once it has ended")
            if not row.failed + row.cancelled:
                return row
            connection.execute(
                "UPDATE sweep_cases SET status = 'pending', attempt = attempt + 1, task_id = NULL,"
                " exit_code = NULL, reason = NULL, message = NULL, finished_at = NULL,"
                " end_number = NULL WHERE sweep_id = ? AND status IN ('failed', 'cancelled')",
                (sweep_id,),
            )
            found = _change(
                connection,
                "UPDATE sweeps SET status = 'running', finished_at = NULL,"
                " cancel_requested_at = NULL, pending = pending + failed + cancelled, failed = 0,"
                " cancelled = 0 WHERE id = ?",
                (sweep_id,),
            )
            return SweepRow(*found)

        return await self._database.write(work)

    async def delete(self, project: str, sweep_id: str) -> None:
        """Remove a sweep that has ended; the tasks of its cases stay.

        Raises:
            SweepNotFound: the project has no such sweep.
            Conflict: it has not ended.
        """

        def work(connection: Transaction) -> None:
            row = _find(connection, project, sweep_id)
            if not row.terminal:
                raise Conflict(
                    f"{sweep_id} is {row.status}; only a sweep that has ended can be deleted",
                    hint="cancel it first",
                )
            for table in ("sweep_cases", "sweep_plans"):
                connection.execute(f"DELETE FROM {table} WHERE sweep_id = ?", (sweep_id,))
            connection.execute("DELETE FROM sweeps WHERE id = ?", (sweep_id,))

        await self._database.write(work)


def _stop(connection: Transaction, row: SweepRow, message: str, at: float) -> SweepRow:
    """Cancel the cases of a running sweep that have no task yet."""
    connection.execute(
        "UPDATE sweep_cases SET status = 'cancelled', reason = 'cancelled', message = ?,"
        " finished_at = ?, end_number = ? + number WHERE sweep_id = ? AND status = 'pending'",
        (message, at, row.last_end + 1, row.id),
    )
    found = _change(
        connection,
        "UPDATE sweeps SET status = 'stopping', cancelled = cancelled + pending, pending = 0,"
        " last_end = last_end + ? WHERE id = ?",
        (row.total, row.id),
    )
    return SweepRow(*found)


def _settle(connection: Transaction, row: SweepRow, at: float) -> SweepRow:
    """End a sweep whose last case has ended."""
    if row.terminal or row.pending or row.active:
        return row
    status = "completed"
    if row.failed:
        status = "failed"
    elif row.cancelled:
        status = "cancelled"
    found = _change(
        connection,
        "UPDATE sweeps SET status = ?, finished_at = ? WHERE id = ?",
        (status, at, row.id),
    )
    return SweepRow(*found)


def _find(connection: Transaction, project: str, sweep_id: str) -> SweepRow:
    query = f"{_SELECT} WHERE id = ? AND project = ?"
    found = connection.execute(query, (sweep_id, project)).fetchone()
    if found is None:
        raise SweepNotFound(f"there is no sweep {sweep_id}", hint=_LISTED)
    return SweepRow(*found)


def _change(connection: Transaction, update: str, values: Sequence[object]) -> tuple[Any, ...]:
    """Run an UPDATE of one row and return the row; raise CaseTaken if there was none."""
    returned = _COLUMNS if update.startswith("UPDATE sweeps") else _CASE_COLUMNS
    found = connection.execute(f"{update} RETURNING {returned}", tuple(values)).fetchone()
    if found is None:
        raise CaseTaken
    return cast("tuple[Any, ...]", found)


def _json(document: object) -> str:
    return msgspec.json.encode(document).decode()
