"""What a list of tasks is narrowed to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from flowkit.errors import InvalidRequest
from flowkit.status import TaskStatus
from flowkit.suggestions import did_you_mean

Statuses: TypeAlias = TaskStatus | str | Iterable[TaskStatus | str]
Labels: TypeAlias = Mapping[str, str | None] | Iterable[str]


def read_statuses(status: Statuses | None) -> list[TaskStatus] | None:
    """Return the states that are meant; None for any.

    Raises:
        InvalidRequest: there is no such state.

    Example:
        >>> read_statuses("running")
        [<TaskStatus.RUNNING: 'running'>]
    """
    if status is None:
        return None
    if not isinstance(status, Iterable):
        raise _wrong("status", status, "a state such as running, or a list of these")
    return [_status(item) for item in ([status] if isinstance(status, str) else status)] or None


def read_name(name: str | None) -> str | None:
    """Return the name that is meant; None for any.

    Raises:
        InvalidRequest: it can be the name of no task.
    """
    if name is not None and (not isinstance(name, str) or not name):
        raise _wrong("name", name, "the name of a task, or left out for any")
    return name


def read_labels(labels: Labels | None) -> list[str] | None:
    """Return the labels that are meant, as the contract has them; None for any.

    Raises:
        InvalidRequest: one of them can be the label of no task.

    Example:
        >>> read_labels({"team": "vision", "run": None})
        ['team=vision', 'run']
    """
    if labels is None:
        return None
    if isinstance(labels, str):
        items: list[object] = [labels]
    elif isinstance(labels, Mapping):
        items = [
            name if value is None else f"{name}={value}" if isinstance(value, str) else value
            for name, value in labels.items()
        ]
    elif isinstance(labels, Iterable):
        items = list(labels)
    else:
        raise _wrong("labels", labels, "a dict, or a list of NAME=VALUE and NAME")
    return [_label(item) for item in items]


def _status(item: object) -> TaskStatus:
    # One that a newer gateway has answered is a status too, though this release has no name for it.
    if isinstance(item, TaskStatus):
        return item
    known = [str(status) for status in TaskStatus]
    if not isinstance(item, str):
        raise _wrong("status", item, "a state such as running, or a list of these")
    if item not in known:
        raise InvalidRequest(
            f"a task has no status {item[:60]!r}",
            hint=did_you_mean(item, known) or f"one of {', '.join(known)}",
        )
    return TaskStatus(item)


def _label(item: object) -> str:
    if not isinstance(item, str) or not item.partition("=")[0]:
        raise _wrong("label", item, "NAME=VALUE, or NAME for any value")
    return item


def _wrong(name: str, value: object, wanted: str) -> InvalidRequest:
    shown = repr(value[:60]) if isinstance(value, str) else f"of type {type(value).__name__}"
    return InvalidRequest(f"invalid {name} {shown}", hint=f"it is {wanted}")
