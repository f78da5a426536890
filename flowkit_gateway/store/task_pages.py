"""The query of one page of tasks.

A page is found through an index, however many tasks there are: the filter that the fewest tasks
pass drives the search from the newest task on, and each task found is held against the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flowkit_gateway.store.columns import SELECT_TASK, Value

_COUNTED = (300, 4_000)
"""How far tasks that pass a filter are counted to tell filters apart, in rounds: a rare one shows
early, and filters that more tasks pass are not told apart, as to count on would take too long."""

Read = Callable[[str, Sequence[Value]], list[tuple[Any, ...]]]


class _Source(NamedTuple):
    """Ids that an index yields in order."""

    identity: str
    """The column of the ids."""
    table: str
    condition: str
    values: tuple[Value, ...]
    join: str = ""
    """What leads from the table to `tasks`, for tests of the tasks found."""


class _Filter(NamedTuple):
    """A condition, as sources of the tasks that pass it and as a test of one task."""

    sources: tuple[_Source, ...]
    test: str
    values: tuple[Value, ...]


def page_query(
    read: Read,
    project: str,
    *,
    statuses: Sequence[str],
    name: str | None,
    labels: Sequence[str],
    before: str | None,
    limit: int,
) -> tuple[str, list[Value]]:
    """Return the query of a page of tasks, newest first, and its values.

    Args:
        read: runs a query.
        project: whose tasks.
        statuses: only tasks in one of these states.
        name: only tasks of this name.
        labels: only tasks with all of these, each `key=value` or `key`.
        before: only tasks that are older than this id.
        limit: most rows to return.
    """
    filters = [_with_label(project, label) for label in dict.fromkeys(labels)]
    if name is not None:
        filters.append(_named(project, name))
    if statuses:
        filters.append(_in_status(project, list(dict.fromkeys(statuses))))
    driver = _rarest(read, filters) if filters else _any(project)
    tests = [each for each in filters if each is not driver]
    parts: list[str] = []
    values: list[Value] = []
    for source in driver.sources:
        conditions = [source.condition, *(each.test for each in tests)]
        values += source.values
        values += (value for each in tests for value in each.values)
        if before is not None:
            conditions.append(f"{source.identity} < ?")
            values.append(before)
        parts.append(
            f"SELECT * FROM (SELECT {source.identity} FROM {source.table}{source.join}"
            f" WHERE {' AND '.join(conditions)} ORDER BY {source.identity} DESC LIMIT ?) AS found"
        )
        values.append(limit)
    ids = " UNION ALL ".join(parts)
    return f"{SELECT_TASK} WHERE id IN ({ids}) ORDER BY id DESC LIMIT ?", [*values, limit]


def _rarest(read: Read, filters: Sequence[_Filter]) -> _Filter:
    if len(filters) == 1:
        return filters[0]
    for most in _COUNTED:
        counts = [sum(_count(read, source, most) for source in each.sources) for each in filters]
        if min(counts) < most:
            break
    return filters[counts.index(min(counts))]


def _count(read: Read, source: _Source, most: int) -> int:
    some = f"SELECT 1 FROM {source.table} WHERE {source.condition} LIMIT {most}"
    return int(read(f"SELECT count(*) FROM ({some}) AS found", source.values)[0][0])


def _any(project: str) -> _Filter:
    return _of_tasks("tasks_by_project", "tasks.project = ?", [(project,)])


def _named(project: str, name: str) -> _Filter:
    condition = "tasks.project = ? AND tasks.name = ?"
    return _of_tasks("tasks_by_name", condition, [(project, name)])


def _in_status(project: str, statuses: Sequence[str]) -> _Filter:
    """Each state is a source of its own: one search through several of them would have to sort."""
    condition = "tasks.project = ? AND tasks.status = ?"
    each = _of_tasks("tasks_by_status", condition, [(project, status) for status in statuses])
    return each._replace(
        test=f"tasks.status IN ({', '.join('?' * len(statuses))})", values=tuple(statuses)
    )


def _of_tasks(index: str, condition: str, values: Sequence[tuple[str, ...]]) -> _Filter:
    table = f"tasks INDEXED BY {index}"
    sources = tuple(_Source("tasks.id", table, condition, each) for each in values)
    return _Filter(sources, condition, values[0])


def _with_label(project: str, label: str) -> _Filter:
    key, equals, value = label.partition("=")
    condition = "label.project = ? AND label.key = ?" + (" AND label.value = ?" if equals else "")
    values = (project, key, value) if equals else (project, key)
    table = "task_labels AS label" + ("" if equals else " INDEXED BY task_labels_by_key")
    # CROSS JOIN keeps the order of the tables as it is written, and with it that of the ids.
    join = " CROSS JOIN tasks ON tasks.id = label.task_id"
    source = _Source("label.task_id", table, condition, values, join)
    test = f"EXISTS (SELECT 1 FROM {table} WHERE {condition} AND label.task_id = tasks.id)"
    return _Filter((source,), test, values)
