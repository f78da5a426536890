"""Outputs as a part of tasks: which of its files are kept after it."""

from __future__ import annotations

from typing import cast

from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Detail, InvalidPath
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.task_parts import Prepared


class OutputsPart:
    """Tells the engine what to keep; implements `task_parts.TaskPart`."""

    name = "outputs"
    fields = frozenset({"outputs"})

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Check that no pattern leaves the task's directory.

        Raises:
            InvalidPath: one does, or no file can match it.
        """
        patterns = cast("list[str]", settings["outputs"])
        wrong = [
            Detail(f"{loc}/outputs/{place}", why, "a path in the task's directory, as in out/*.pt")
            for place, pattern in enumerate(patterns)
            if (why := _why_no_pattern(pattern)) is not None
        ]
        if wrong:
            place = int(wrong[0].loc.rpartition("/")[2])
            message = f"the output {patterns[place][:200]!r} {wrong[0].msg}"
            raise InvalidPath(message, hint=wrong[0].hint, details=wrong)
        return f"{len(patterns)} kept after the task"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write nothing: the patterns are in the task's row."""

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Hand the patterns to the engine."""
        prepared.outputs = tuple(cast("list[str]", row.settings["outputs"]))


def _why_no_pattern(pattern: str) -> str | None:
    names = pattern.split("/")
    if ".." in names:
        return "leaves the directory by `..`"
    if set(names) <= {"", "."}:
        return "names the directory itself"
    if not pattern.isprintable():
        return "has a character in it that cannot be printed"
    return None
