"""A task in words, for tables."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flowkit.durations import format_duration

if TYPE_CHECKING:
    from flowkit import Task


def command_line(task: Task) -> str:
    """Return a task's command as one would type it."""
    match task.command:
        case ["bash" | "/bin/bash", "-c", line]:
            return line
        case words:
            return shlex.join(words)


def gpus(task: Task) -> str:
    """Return what GPUs a task has or asks for, and whether they are simulated."""
    asked = task.instance_type or ",".join(task.gpu or ())
    if asked.endswith("cpu"):
        return ""
    return f"{asked} (simulated)" if asked and task.simulated else asked


def waiting(task: Task) -> str:
    """Return in words what a task waits for that has not started; empty for any other."""
    if task.status != "pending":
        return ""
    if task.held_at is not None:
        return "held"
    if others := task.waits_for:
        return f"after {others[0]}" if len(others) == 1 else f"after {len(others)} tasks"
    if task.retry_at is not None:
        return f"retried at {task.retry_at.astimezone():%H:%M:%S}"
    return f"{ordinal(position)} in the queue" if (position := task.queue_position) else ""


def ordinal(number: int) -> str:
    """Return a place in a row.

    Example:
        >>> ordinal(1), ordinal(22), ordinal(13)
        ('1st', '22nd', '13th')
    """
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{suffix or 'th'}"


def age(moment: datetime) -> str:
    """Return how long ago something happened, to its largest unit.

    Example:
        >>> age(datetime.now(UTC))
        '0s'
    """
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def local_time(moment: datetime) -> str:
    """Return a time in this machine's zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def elapsed(start: datetime, end: datetime | None) -> str:
    """Return how long something took, or has taken until now."""
    return format_duration(max(0.0, ((end or datetime.now(UTC)) - start).total_seconds()))
