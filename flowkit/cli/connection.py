"""From the options of a command line to a `Flow`, and from a name to a task."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowkit.cli.errors import NOT_FOUND, Failure
from flowkit.cli.options import connection, utf8

if TYPE_CHECKING:
    from flowkit import Flow


def open_flow() -> Flow:
    """Return the `Flow` that this command line asks for; use it in a `with` statement.

    Raises:
        ConfigError: The configuration is wrong.
    """
    from flowkit import Flow

    given = connection()
    return Flow(
        api_url=given.get("api_url"), project=given.get("project"), profile=given.get("profile")
    )


def task_id(flow: Flow, text: str) -> str:
    """Return the id of a task given by id or name; a name means its newest task.

    Args:
        flow: Where the task is.
        text: What the user typed.

    Raises:
        BadInput: The text is not UTF-8.
        Failure: No task has this name (exit code 3).
    """
    reference = utf8(text, "TASK")
    if re.fullmatch(r"task_[0-9a-z]{26}", reference):
        return reference
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", reference):
        for task in flow.tasks.list(name=reference, limit=1):
            return task.id
    raise Failure(
        f"no task has the id or name {reference[:100]!r}",
        hint="`flowkit ps` lists the tasks",
        exit_code=NOT_FOUND,
    )
