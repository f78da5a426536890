"""What a task came to: its exit code for the shell, and the notices about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowkit.cli import output
from flowkit.cli.errors import NO_EXIT_CODE
from flowkit.cli.task_view import waiting

if TYPE_CHECKING:
    from flowkit import Task


def exit_code(task: Task) -> int:
    """Return the exit code of the process for a task that has ended, and say what is unusual.

    Args:
        task: A terminal task.
    """
    reason = task.reason or task.status
    if task.exit_code is None:
        output.notice(f"{task.id} has no exit code: {_because(task)}")
        return NO_EXIT_CODE
    if reason != "exited":
        output.notice(f"{task.id} {task.status}: {_because(task)}")
    return task.exit_code


def _because(task: Task) -> str:
    words = str(task.reason or task.status).replace("_", " ")
    return output.escape(f"{words}: {task.message}" if task.message else words)


def simulated_notice(task: Task) -> None:
    """Say that the task's GPUs are not there, where that is so."""
    if task.simulated:
        output.notice("no such GPU on this machine: the GPUs are simulated, the task runs on CPU")


def queue_notice(task: Task) -> None:
    """Say what a task waits for that has not started."""
    if task.held_at is not None:
        output.notice(f"{task.id} is held: `flowkit release {task.id}` lets it start")
    elif task.status == "pending":
        what = waiting(task)
        output.notice(f"waiting: {what}" if what else "waiting for capacity")
