"""Tasks and events, with the SQL that keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from flowkit_gateway.problems import Problem, TaskNotFound, TaskNotPending, TaskNotTerminal
from flowkit_gateway.store.answers import Answers
from flowkit_gateway.store.attempts import AttemptRow, EarlierAttempts
from flowkit_gateway.store.columns import (
    INSERT_TASK,
    SELECT_TASK,
    TASK_COLUMNS,
    Value,
    column,
    task_row,
    task_values,
)
from flowkit_gateway.store.database import Database, StoreError, Transaction
from flowkit_gateway.store.dependencies import Dependencies
from flowkit_gateway.store.identifiers import IdentifierSource
from flowkit_gateway.store.rows import (
    Created,
    EventRow,
    IdempotencyKey,
    Placement,
    TaskChanges,
    TaskRow,
)
from flowkit_gateway.store.task_credentials import forget_credentials
from flowkit_gateway.store.task_pages import page_query
from flowkit_gateway.store.volumes import release_volumes

Change = Value | Placement


class Store:
    """The rows of one gateway. Reads are immediate, writes are durable when they return.

    Args:
        database: where they are kept; the store closes it.

    Raises:
        StoreError: the database is damaged.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.answers = Answers(self._database)
        self.attempts = EarlierAttempts(self._database)
        self.dependencies = Dependencies(self._database)
        try:
            newest = self._database.read("SELECT max(id) FROM tasks")[0][0]
        except Problem as problem:
            self._database.close()
            raise StoreError(database.damage(problem.__cause__)) from problem
        self._identifiers = IdentifierSource(newest.removeprefix("task_") if newest else None)

    def close(self) -> None:
        """Finish what was begun and close the database."""
        self._database.close()

    @property
    def database(self) -> Database:
        """Where the rows of other nouns are kept too."""
        return self._database

    def new_task_id(self) -> str:
        """Return an id for a task; ids sort by the order of creation."""
        return self.new_id("task")

    def new_id(self, noun: str) -> str:
        """Return an id that begins with a noun; ids sort by the order of creation."""
        return f"{noun}_{self._identifiers.new()}"

    def get_task(self, project: str, task_id: str) -> TaskRow | None:
        """Return a task of the project."""
        found = self._database.read(
            f"{SELECT_TASK} WHERE id = ? AND project = ?", (task_id, project)
        )
        return task_row(found[0]) if found else None

    def find_task(self, task_id: str) -> TaskRow | None:
        """Return a task of whatever project: for the gateway itself, not for callers."""
        found = self._database.read(f"{SELECT_TASK} WHERE id = ?", (task_id,))
        return task_row(found[0]) if found else None

    def ended_tasks(self, task_ids: Sequence[str], before: float) -> list[TaskRow]:
        """Return those of some tasks, of whatever project, that ended before a Unix time."""
        query = (
            f"{SELECT_TASK} WHERE id IN ({', '.join('?' * len(task_ids))})"
            " AND status IN ('completed', 'failed', 'cancelled') AND finished_at < ?"
        )
        return [task_row(row) for row in self._database.read(query, (*task_ids, before))]

    def list_tasks(
        self,
        project: str,
        *,
        statuses: Sequence[str] = (),
        name: str | None = None,
        labels: Sequence[str] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[TaskRow]:
        """Return tasks of the project, newest first.

        Args:
            statuses: only tasks in one of these states.
            name: only tasks of this name.
            labels: only tasks with all of these, each `key=value` or `key`.
            before: only tasks that are older than this id.
            limit: most rows to return.
        """
        query, values = page_query(
            self._database.read,
            project,
            statuses=statuses,
            name=name,
            labels=labels,
            before=before,
            limit=limit,
        )
        return [task_row(row) for row in self._database.read(query, values)]

    def unfinished_tasks(self) -> list[TaskRow]:
        """Return every task of every project that has not ended, oldest first.

        Raises:
            StoreError: the database is damaged.
        """
        query = (
            f"{SELECT_TASK} INDEXED BY tasks_not_ended"
            " WHERE status NOT IN ('completed', 'failed', 'cancelled') ORDER BY id"
        )
        try:
            return [task_row(row) for row in self._database.read(query)]
        except Problem as problem:
            raise StoreError(self._database.damage(problem.__cause__)) from problem
        except msgspec.MsgspecError as error:
            raise StoreError(self._database.damage(error)) from error

    def list_events(
        self,
        project: str,
        *,
        task_id: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[EventRow]:
        """Return events of the project or of one task, newest first."""
        return self._events(project, task_id, "number < ?", before, "DESC", limit)

    def events_after(
        self, project: str, number: int, *, task_id: str | None = None, limit: int = 100
    ) -> list[EventRow]:
        """Return the events that follow `number`, oldest first."""
        return self._events(project, task_id, "number > ?", number, "ASC", limit)

    def last_event_number(self, project: str) -> int:
        """Return the number of the newest event, 0 when there is none."""
        query = "SELECT max(number) FROM events WHERE project = ?"
        return int(self._database.read(query, (project,))[0][0] or 0)

    def _events(
        self,
        project: str,
        task_id: str | None,
        bound: str,
        number: int | None,
        order: str,
        limit: int,
    ) -> list[EventRow]:
        source, values = "events WHERE project = ?", list[Value]([project])
        if task_id is not None:
            source = "events INDEXED BY events_by_task WHERE project = ? AND task_id = ?"
            values.append(task_id)
        if number is not None:
            source += f" AND {bound}"
            values.append(number)
        query = (
            "SELECT number, project, task_id, type, at, status, reason, exit_code, message"
            f" FROM {source} ORDER BY number {order} LIMIT ?"
        )
        return [EventRow(*row) for row in self._database.read(query, (*values, limit))]

    async def create_tasks(
        self,
        rows: Sequence[TaskRow],
        key: IdempotencyKey | None,
        answer: bytes,
        *,
        also: Callable[[Transaction], None] | None = None,
    ) -> Created:
        """Add tasks, their first events and the idempotency key, all or nothing.

        Args:
            rows: new tasks of one project, with ids of `new_task_id`.
            key: what makes the create safe to repeat, if anything.
            answer: the body to answer with, now and at each repetition.
            also: writes what belongs to the tasks, in the same transaction.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """
        project = rows[0].project

        def work(connection: Transaction) -> None:
            connection.executemany(INSERT_TASK, map(task_values, rows))
            for row in rows:
                _add_labels(connection, row)
                self.dependencies.insert(connection, row)
            number = _next_event_number(connection, project)
            connection.executemany(
                "INSERT INTO events (project, number, task_id, type, at, status)"
                " VALUES (?, ?, ?, 'task.created', ?, ?)",
                [
                    (project, number + place, row.id, row.created_at, row.status)
                    for place, row in enumerate(rows)
                ],
            )
            if also is not None:
                also(connection)

        return await self.answers.create(project, key, answer, work)

    async def transition(
        self,
        task_id: str,
        *,
        allowed: Iterable[str],
        event: str,
        at: float,
        attempt: int | None = None,
        changes: Mapping[str, Change] | None = None,
        next_attempt: bool = False,
    ) -> TaskRow | None:
        """Change a task if it still is in one of the `allowed` states, and say so in an event.

        Args:
            allowed: states that the change may start from.
            event: type of the event.
            at: Unix time of the event.
            attempt: also demand this attempt, so that news of an older one is ignored.
            changes: columns to set.
            next_attempt: count one more attempt.

        Returns:
            The task after the change, or None when it was in no such state.
        """
        allowed = tuple(allowed)
        condition = f"id = ? AND status IN ({', '.join('?' * len(allowed))})"
        values: list[Value] = [task_id, *allowed]
        if attempt is not None:
            condition += " AND attempt = ?"
            values.append(attempt)

        def work(connection: Transaction) -> TaskRow | None:
            row = _change(connection, condition, values, changes or {}, next_attempt)
            if row is not None:
                _add_event(connection, row, event, at)
            return row

        return await self._database.write(work)

    async def cancel_task(self, project: str, task_id: str, at: float) -> TaskRow:
        """End a task that is queued, and note the wish on one that is on its way or runs.

        Args:
            at: Unix time of the wish.

        Returns:
            The task after that; one that has ended is returned as it is.

        Raises:
            TaskNotFound: the project has no such task.
        """

        def work(connection: Transaction) -> TaskRow:
            row = _find(connection, project, task_id)
            if row.status == "pending":
                event = "task.cancelled"
                changes: dict[str, Change] = {
                    "status": "cancelled",
                    "reason": "cancelled",
                    "message": "cancelled before it started",
                    "finished_at": at,
                    "cancel_requested_at": row.cancel_requested_at or at,
                }
            elif row.terminal or row.cancel_requested_at is not None:
                return row
            else:
                event = "task.cancel_requested"
                changes = {"cancel_requested_at": at}
            row = _change(connection, "id = ?", (task_id,), changes) or row
            _add_event(connection, row, event, at)
            return row

        return await self._database.write(work)

    async def retry_task(
        self, ended: TaskRow, attempt: AttemptRow, retry_at: float
    ) -> TaskRow | None:
        """Make place for the next attempt of a task whose newest one has failed.

        Args:
            ended: the task as it was while the attempt ran.
            attempt: how the attempt ended.
            retry_at: Unix time from which on the task may be started again.

        Returns:
            The task after that, or None when the attempt is not its newest any more, or the
            task was cancelled meanwhile.
        """
        changes: dict[str, Change] = {
            "status": "pending",
            "placement": None,
            "instance_type": None,
            "started_at": None,
            "retry_at": retry_at,
            "retries": ended.retries + 1,
        }
        condition = (
            "id = ? AND attempt = ? AND status IN ('starting', 'running')"
            " AND cancel_requested_at IS NULL"
        )

        def work(connection: Transaction) -> TaskRow | None:
            row = _change(connection, condition, (ended.id, attempt.number), changes)
            if row is not None:
                self.attempts.insert(connection, row.id, attempt)
                told = replace(
                    row,
                    reason=attempt.reason,
                    exit_code=attempt.exit_code,
                    message=attempt.message,
                )
                _add_event(connection, told, "task.retrying", attempt.finished_at or retry_at)
            return row

        return await self._database.write(work)

    async def hold_task(self, project: str, task_id: str, at: float | None) -> TaskRow:
        """Hold a queued task since a time, or release it with None.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotPending: it has started, or ended.
        """

        def work(connection: Transaction) -> TaskRow:
            row = _find(connection, project, task_id)
            if row.status != "pending":
                raise TaskNotPending(
                    f"{task_id} is {row.status}; only a queued task can be held or released"
                )
            if (row.held_at is None) == (at is None):
                return row
            row = _change(connection, "id = ?", (task_id,), {"held_at": at}) or row
            event = "task.released" if at is None else "task.held"
            _add_event(connection, row, event, time.time())
            return row

        return await self._database.write(work)

    async def change_settings(
        self,
        project: str,
        task_id: str,
        change: Callable[[Transaction, TaskRow], dict[str, object]],
    ) -> TaskRow:
        """Replace the settings of a task that has not started.

        Args:
            change: returns the new settings, in the transaction; what it raises is raised here.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotPending: it has started, or ended.
        """

        def work(connection: Transaction) -> TaskRow:
            row = _find(connection, project, task_id)
            refuse_to_change(row)
            settings = {"settings": column(change(connection, row))}
            row = _change(connection, "id = ?", (task_id,), settings) or row
            _add_event(connection, row, "task.updated", time.time())
            return row

        return await self._database.write(work)

    async def update_task(self, project: str, task_id: str, changes: TaskChanges) -> TaskRow:
        """Set what `changes` names of a task; everything else stays as it is.

        Raises:
            TaskNotFound: the project has no such task.
        """

        def work(connection: Transaction) -> TaskRow:
            row = _find(connection, project, task_id)
            if not changes:
                return row
            _remove_labels(connection, row)
            columns = {name: column(value) for name, value in changes.items()}
            row = _change(connection, "id = ?", (task_id,), columns) or row
            _add_labels(connection, row)
            _add_event(connection, row, "task.updated", time.time())
            return row

        return await self._database.write(work)

    async def delete_task(self, project: str, task_id: str) -> None:
        """Remove a finished task; its events stay.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotTerminal: the task has not ended.
            Conflict: another task is still to look at how it ended.
        """

        def work(connection: Transaction) -> None:
            row = _find(connection, project, task_id)
            refuse_to_delete(row)
            self.dependencies.delete(connection, task_id)
            self.attempts.delete(connection, task_id)
            connection.execute("DELETE FROM tasks WHERE id = ?", (task_id,))
            _remove_labels(connection, row)
            _add_event(connection, row, "task.deleted", time.time())

        await self._database.write(work)


def refuse_to_delete(row: TaskRow) -> None:
    """Raise TaskNotTerminal unless the task has ended."""
    if not row.terminal:
        raise TaskNotTerminal(
            f"{row.id} is {row.status}; only a task that has ended can be deleted",
            hint="cancel it first",
        )


def refuse_to_change(row: TaskRow) -> None:
    """Raise TaskNotPending unless it can still be said what the task is to be."""
    if row.status != "pending":
        raise TaskNotPending(f"{row.id} is {row.status}; only a queued task can be changed")


def _find(connection: Transaction, project: str, task_id: str) -> TaskRow:
    query = f"{SELECT_TASK} WHERE id = ? AND project = ?"
    found = connection.execute(query, (task_id, project)).fetchone()
    if found is None:
        raise TaskNotFound(f"there is no task {task_id}")
    return task_row(found)


def _change(
    connection: Transaction,
    condition: str,
    values: Sequence[Value],
    changes: Mapping[str, Change],
    next_attempt: bool = False,
) -> TaskRow | None:
    """Set columns of the task that meets a condition, and return it as it is then."""
    assignments = "".join(f", {name} = ?" for name in changes)
    if next_attempt:
        assignments += ", attempt = attempt + 1"
    found = connection.execute(
        f"UPDATE tasks SET version = version + 1{assignments} WHERE {condition}"
        f" RETURNING {TASK_COLUMNS}",
        (*map(column, changes.values()), *values),
    ).fetchone()
    if found is None:
        return None
    row = task_row(found)
    if row.terminal:
        forget_credentials(connection, row.id)
        release_volumes(connection, row.id)
    return row


def _next_event_number(connection: Transaction, project: str) -> int:
    row = connection.execute("SELECT max(number) FROM events WHERE project = ?", (project,))
    return int(row.fetchone()[0] or 0) + 1


def _add_event(connection: Transaction, row: TaskRow, event: str, at: float) -> None:
    connection.execute(
        "INSERT INTO events"
        " (project, number, task_id, type, at, status, reason, exit_code, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.project,
            _next_event_number(connection, row.project),
            row.id,
            event,
            at,
            row.status,
            row.reason,
            row.exit_code,
            row.message,
        ),
    )


def _add_labels(connection: Transaction, row: TaskRow) -> None:
    connection.executemany(
        "INSERT INTO task_labels (project, key, value, task_id) VALUES (?, ?, ?, ?)",
        [(row.project, key, value, row.id) for key, value in (row.labels or {}).items()],
    )


def _remove_labels(connection: Transaction, row: TaskRow) -> None:
    # By the whole primary key: the index does not begin with the task.
    connection.executemany(
        "DELETE FROM task_labels WHERE project = ? AND key = ? AND value = ? AND task_id = ?",
        [(row.project, key, value, row.id) for key, value in (row.labels or {}).items()],
    )
