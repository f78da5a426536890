"""Tasks, events and idempotency keys, with the SQL that keeps them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from flowkit_gateway.problems import IdempotencyConflict, TaskNotFound, TaskNotTerminal
from flowkit_gateway.store.database import Database
from flowkit_gateway.store.identifiers import IdentifierSource
from flowkit_gateway.store.rows import Created, EventRow, IdempotencyKey, Placement, TaskRow

_KEY_LIFETIME = 7 * 86400.0
"""Seconds for which a create can be repeated."""

_TASK_COLUMNS = (
    "id, project, created_by, status, settings, engine, created_at, name, labels, priority,"
    " simulated, reason, message, exit_code, instance_type, placement, attempt, started_at,"
    " finished_at, cancel_requested_at, output_bytes, output_dropped_bytes, version"
)
_SELECT_TASK = f"SELECT {_TASK_COLUMNS} FROM tasks"
_INSERT_TASK = f"INSERT INTO tasks ({_TASK_COLUMNS}) VALUES ({', '.join('?' * 23)})"
_SELECT_EVENT = (
    "SELECT number, project, task_id, type, at, status, reason, exit_code, message FROM events"
)
_placement_decoder = msgspec.json.Decoder(Placement)

Value = str | int | float | None


class Store:
    """The rows of one gateway. Reads are immediate, writes are durable when they return.

    Args:
        path: the database file.

    Raises:
        StoreError: the file is damaged, newer than this release, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self._reader = self._database.reader
        newest = self._reader.execute("SELECT max(id) FROM tasks").fetchone()[0]
        self._identifiers = IdentifierSource(newest.removeprefix("task_") if newest else None)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._database.close()

    def new_task_id(self) -> str:
        """Return an id for a task; ids sort by the order of creation."""
        return f"task_{self._identifiers.new()}"

    def get_task(self, project: str, task_id: str) -> TaskRow | None:
        """Return a task of the project."""
        row = self._reader.execute(
            f"{_SELECT_TASK} WHERE id = ? AND project = ?", (task_id, project)
        ).fetchone()
        return _task(row) if row else None

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
        conditions = ["project = ?"]
        values: list[Value] = [project]
        if statuses:
            conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
            values += statuses
        if name is not None:
            conditions.append("name = ?")
            values.append(name)
        for label in labels:
            key, equals, value = label.partition("=")
            match = "key = ? AND value = ?" if equals else "key = ?"
            conditions.append(
                f"id IN (SELECT task_id FROM task_labels WHERE project = ? AND {match})"
            )
            values += (project, key, value) if equals else (project, key)
        if before is not None:
            conditions.append("id < ?")
            values.append(before)
        query = f"{_SELECT_TASK} WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
        return [_task(row) for row in self._reader.execute(query, (*values, limit))]

    def unfinished_tasks(self) -> list[TaskRow]:
        """Return every task of every project that has not ended, oldest first."""
        query = (
            f"{_SELECT_TASK} WHERE status NOT IN ('completed', 'failed', 'cancelled') ORDER BY id"
        )
        return [_task(row) for row in self._reader.execute(query)]

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
        row = self._reader.execute("SELECT max(number) FROM events WHERE project = ?", (project,))
        return int(row.fetchone()[0] or 0)

    def _events(
        self,
        project: str,
        task_id: str | None,
        bound: str,
        number: int | None,
        order: str,
        limit: int,
    ) -> list[EventRow]:
        conditions, values = ["project = ?"], list[Value]([project])
        if task_id is not None:
            conditions.append("task_id = ?")
            values.append(task_id)
        if number is not None:
            conditions.append(bound)
            values.append(number)
        query = f"{_SELECT_EVENT} WHERE {' AND '.join(conditions)} ORDER BY number {order} LIMIT ?"
        return [EventRow(*row) for row in self._reader.execute(query, (*values, limit))]

    def find_answer(self, project: str, key: IdempotencyKey | None) -> Created | None:
        """Return the first answer to a create that is being repeated.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """
        return _find_answer(self._reader, project, key) if key else None

    async def create_tasks(
        self, rows: Sequence[TaskRow], key: IdempotencyKey | None, answer: bytes
    ) -> Created:
        """Add tasks, their first events and the idempotency key, all or nothing.

        Args:
            rows: new tasks of one project, with ids of `new_task_id`.
            key: what makes the create safe to repeat, if anything.
            answer: the body to answer with, now and at each repetition.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """
        project = rows[0].project

        def work(connection: sqlite3.Connection) -> Created:
            if key is not None:
                earlier = _find_answer(connection, project, key)
                if earlier is not None:
                    return earlier
                connection.execute(
                    "INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, ?, ?)",
                    (project, key.key, key.operation, key.body_hash, answer, rows[0].created_at),
                )
            connection.executemany(_INSERT_TASK, [_values(row) for row in rows])
            for row in rows:
                _set_labels(connection, row)
            number = _next_event_number(connection, project)
            connection.executemany(
                "INSERT INTO events (project, number, task_id, type, at, status)"
                " VALUES (?, ?, ?, 'task.created', ?, ?)",
                [
                    (project, number + place, row.id, row.created_at, row.status)
                    for place, row in enumerate(rows)
                ],
            )
            return Created(answer, replayed=False)

        return await self._database.write(work)

    async def transition(
        self,
        task_id: str,
        *,
        allowed: Iterable[str],
        event: str,
        at: float,
        attempt: int | None = None,
        changes: Mapping[str, Value] | None = None,
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
        changes = changes or {}
        assignments = "".join(f", {column} = ?" for column in changes)
        if next_attempt:
            assignments += ", attempt = attempt + 1"
        condition = f"id = ? AND status IN ({', '.join('?' * len(allowed))})"
        values: list[Value] = [*changes.values(), task_id, *allowed]
        if attempt is not None:
            condition += " AND attempt = ?"
            values.append(attempt)
        statement = (
            f"UPDATE tasks SET version = version + 1{assignments} WHERE {condition}"
            f" RETURNING {_TASK_COLUMNS}"
        )

        def work(connection: sqlite3.Connection) -> TaskRow | None:
            found = connection.execute(statement, values).fetchone()
            if found is None:
                return None
            row = _task(found)
            _add_event(connection, row, event, at)
            return row

        return await self._database.write(work)

    async def update_task(
        self,
        project: str,
        task_id: str,
        *,
        name: str | None,
        labels: Mapping[str, str],
        priority: int,
    ) -> TaskRow:
        """Set a task's name, labels and priority.

        Raises:
            TaskNotFound: the project has no such task.
        """

        def work(connection: sqlite3.Connection) -> TaskRow:
            found = connection.execute(
                "UPDATE tasks SET version = version + 1, name = ?, labels = ?, priority = ?"
                f" WHERE id = ? AND project = ? RETURNING {_TASK_COLUMNS}",
                (name, json.dumps(dict(labels)), priority, task_id, project),
            ).fetchone()
            if found is None:
                raise TaskNotFound(f"there is no task {task_id}")
            row = _task(found)
            connection.execute(
                "DELETE FROM task_labels WHERE project = ? AND task_id = ?", (project, task_id)
            )
            _set_labels(connection, row)
            _add_event(connection, row, "task.updated", time.time())
            return row

        return await self._database.write(work)

    async def delete_task(self, project: str, task_id: str) -> None:
        """Remove a finished task; its events stay.

        Raises:
            TaskNotFound: the project has no such task.
            TaskNotTerminal: the task has not ended.
        """

        def work(connection: sqlite3.Connection) -> None:
            found = connection.execute(
                f"{_SELECT_TASK} WHERE id = ? AND project = ?", (task_id, project)
            ).fetchone()
            if found is None:
                raise TaskNotFound(f"there is no task {task_id}")
            row = _task(found)
            if not row.terminal:
                raise TaskNotTerminal(
                    f"{task_id} is {row.status}; only a task that has ended can be deleted",
                    hint="cancel it first",
                )
            connection.execute("DELETE FROM tasks WHERE id = ?", (task_id,))
            connection.execute(
                "DELETE FROM task_labels WHERE project = ? AND task_id = ?", (project, task_id)
            )
            _add_event(connection, row, "task.deleted", time.time())

        await self._database.write(work)

    async def forget_old_keys(self) -> None:
        """Drop idempotency keys that nobody repeats any more."""
        before = time.time() - _KEY_LIFETIME
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "DELETE FROM idempotency_keys WHERE created_at < ?", (before,)
                ).rowcount
            )
        )


def _find_answer(
    connection: sqlite3.Connection, project: str, key: IdempotencyKey
) -> Created | None:
    found = connection.execute(
        "SELECT operation, body_hash, answer FROM idempotency_keys WHERE project = ? AND key = ?",
        (project, key.key),
    ).fetchone()
    if found is None:
        return None
    operation, body_hash, answer = found
    if (operation, body_hash) != (key.operation, key.body_hash):
        raise IdempotencyConflict(
            f"the idempotency key {key.key!r} was used for another request",
            hint="use a new key for each new request",
        )
    return Created(answer, replayed=True)


def _next_event_number(connection: sqlite3.Connection, project: str) -> int:
    row = connection.execute("SELECT max(number) FROM events WHERE project = ?", (project,))
    return int(row.fetchone()[0] or 0) + 1


def _add_event(connection: sqlite3.Connection, row: TaskRow, event: str, at: float) -> None:
    connection.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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


def _set_labels(connection: sqlite3.Connection, row: TaskRow) -> None:
    if row.labels:
        connection.executemany(
            "INSERT INTO task_labels VALUES (?, ?, ?, ?)",
            [(row.project, key, value, row.id) for key, value in row.labels.items()],
        )


def _values(row: TaskRow) -> tuple[Value, ...]:
    return (
        row.id,
        row.project,
        row.created_by,
        row.status,
        msgspec.json.encode(row.settings).decode(),
        row.engine,
        row.created_at,
        row.name,
        json.dumps(row.labels or {}),
        row.priority,
        row.simulated,
        row.reason,
        row.message,
        row.exit_code,
        row.instance_type,
        encode_placement(row.placement),
        row.attempt,
        row.started_at,
        row.finished_at,
        row.cancel_requested_at,
        row.output_bytes,
        row.output_dropped_bytes,
        row.version,
    )


def encode_placement(placement: Placement | None) -> str | None:
    """Return the column's value of a placement, for `transition`."""
    return msgspec.json.encode(asdict(placement)).decode() if placement else None


def _task(values: tuple[Any, ...]) -> TaskRow:
    row = TaskRow(*values)  # the columns stand in the fields' order
    row.settings = msgspec.json.decode(values[4])
    row.labels = msgspec.json.decode(values[8])
    row.simulated = bool(values[10])
    if values[15] is not None:
        row.placement = _placement_decoder.decode(values[15])
    return row
