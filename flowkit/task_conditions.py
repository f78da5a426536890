"""When a task may start, and start again: `depends_on` and `retries` as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flowkit.durations import parse_duration
from flowkit.errors import InvalidTaskConfig
from flowkit.suggestions import did_you_mean

CONDITIONS = ("after", "afterok", "afterany")
CAUSES = ("error", "preempted", "node_lost", "out_of_memory", "max_run_time", "start_failed")

_MOST_DEPENDENCIES = 256
_MOST_RETRIES = 1000
_LONGEST_BACKOFF = 86_400.0
_LONGEST_MAX_BACKOFF = 604_800.0
_RETRY_FIELDS = ("max", "on", "backoff", "max_backoff")
_TASK_HINT = "give a task, its id, or its name in the same batch, as in afterany:task_..."


def read_dependencies(value: object) -> list[dict[str, str]]:
    """Return what a task depends on, as the contract has it.

    Args:
        value: A task, or a list of tasks: each a handle, an id, or a name within one batch, as
            text also with a condition before it (`afterany:ID`); or a mapping of ids to
            conditions.

    Raises:
        InvalidTaskConfig: it cannot be read.

    Example:
        >>> read_dependencies("afterany:prepare")
        [{'task': 'prepare', 'condition': 'afterany'}]
        >>> read_dependencies({"prepare": "after"}) == read_dependencies(["after:prepare"])
        True
    """
    if isinstance(value, Mapping):
        found = [_dependency(task, condition) for task, condition in value.items()]
    elif isinstance(value, str) or not isinstance(value, Sequence):
        found = [_read_one(value)]
    else:
        found = [_read_one(item) for item in value]
    if len(found) > _MOST_DEPENDENCIES:
        raise InvalidTaskConfig(
            f"depends_on names {len(found)} tasks", hint=f"a task has at most {_MOST_DEPENDENCIES}"
        )
    return found


def _read_one(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        if not value.keys() <= {"task", "condition"} or "task" not in value:
            raise InvalidTaskConfig(
                "depends_on holds a mapping that is no dependency",
                hint="write {task: ID, condition: afterok}",
            )
        return _dependency(value["task"], value.get("condition"))
    if isinstance(value, str) and ":" in value:
        condition, _, task = value.partition(":")
        return _dependency(task, condition)
    return _dependency(value, None)


def _dependency(task: object, condition: object) -> dict[str, str]:
    # A handle has the id of its task.
    name = getattr(task, "id", task)
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,127}", name):
        shown = repr(name[:60]) if isinstance(name, str) else f"of type {type(task).__name__}"
        raise InvalidTaskConfig(f"invalid depends_on {shown}: it is no task", hint=_TASK_HINT)
    if condition is None:
        return {"task": name}
    if condition not in CONDITIONS:
        shown = repr(condition[:60]) if isinstance(condition, str) else "of another type than text"
        raise InvalidTaskConfig(
            f"invalid condition {shown} in depends_on",
            hint=did_you_mean(str(condition)[:60], CONDITIONS)
            or f"conditions: {', '.join(CONDITIONS)}",
        )
    return {"task": name, "condition": str(condition)}


def read_retries(value: object) -> dict[str, object]:
    """Return a retry policy as the contract has it.

    Args:
        value: How often a task that failed is started again, or a mapping: `max` (how often),
            `on` (causes: `error`, `preempted`, `node_lost`, `out_of_memory`, `max_run_time`,
            `start_failed`), `backoff` and `max_backoff` (text with a unit, or seconds).

    Raises:
        InvalidTaskConfig: it cannot be read.

    Example:
        >>> read_retries(3)
        {'max': 3}
        >>> read_retries({"max": 2, "on": ["out_of_memory"], "backoff": "10s"})
        {'max': 2, 'on_causes': ['out_of_memory'], 'backoff': 10.0}
    """
    fields = value if isinstance(value, Mapping) else {"max": value}
    for name in fields:
        if name not in _RETRY_FIELDS:
            raise InvalidTaskConfig(
                f"retries has no field {str(name)[:60]!r}",
                hint=did_you_mean(str(name)[:60], _RETRY_FIELDS)
                or f"fields: {', '.join(_RETRY_FIELDS)}",
            )
    policy: dict[str, object] = {"max": _count(fields.get("max"))}
    if (causes := fields.get("on")) is not None:
        policy["on_causes"] = _causes(causes)
    for name, longest in (("backoff", _LONGEST_BACKOFF), ("max_backoff", _LONGEST_MAX_BACKOFF)):
        if (pause := fields.get(name)) is not None:
            policy[name] = _pause(name, pause, longest)
    return policy


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_RETRIES:
        shown = repr(value) if isinstance(value, int) and abs(value) < 10**18 else "this"
        raise InvalidTaskConfig(
            f"invalid retries: {shown} is not how often a task is started again",
            hint=f"a whole number from 0 to {_MOST_RETRIES}, as in 3 or {{'max': 3}}",
        )
    return value


def _causes(value: object) -> list[str]:
    causes = [value] if isinstance(value, str) else value
    if not isinstance(causes, Sequence) or not causes:
        raise InvalidTaskConfig(
            "invalid retries: on is no list of causes", hint=f"causes: {', '.join(CAUSES)}"
        )
    for cause in causes:
        if cause not in CAUSES:
            shown = repr(cause[:60]) if isinstance(cause, str) else "of another type than text"
            raise InvalidTaskConfig(
                f"invalid retries: {shown} is no cause",
                hint=did_you_mean(str(cause)[:60], CAUSES) or f"causes: {', '.join(CAUSES)}",
            )
    return list(dict.fromkeys(str(cause) for cause in causes))


def _pause(name: str, value: object, longest: float) -> float:
    if not isinstance(value, bool) and value == 0:
        return 0.0
    seconds = parse_duration(value)  # type: ignore[arg-type]  # it says what it cannot read
    if seconds > longest:
        raise InvalidTaskConfig(
            f"invalid retries: {name} is longer than {longest:g} s", hint="choose a shorter one"
        )
    return seconds
