"""Profile files as a part of tasks: each task of a user finds them in its home."""

from __future__ import annotations

from flowkit_gateway import home
from flowkit_gateway.principal import Principal
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.profile_files import ProfileFiles
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.task_parts import Prepared, StartError
from flowkit_gateway.vault import VaultClosed


class ProfileFilesPart:
    """Places the profile files of a task's creator; implements `task_parts.TaskPart`.

    Args:
        files: where they are kept.
    """

    name = "profile files"
    # Every task has a command, and every task may have a home.
    fields = frozenset({"command"})

    def __init__(self, files: ProfileFiles) -> None:
        self._files = files

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Say what will become of the files; no task is refused for them."""
        if not self._files.any(caller):
            return "none"
        if not home.is_private(settings):
            return "not placed: the task has its caller's home, with the files that are there"
        return "placed in the task's home"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write nothing: a task gets the files as they are when it starts."""

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Place the files.

        Raises:
            StartError: they cannot be read or written.
        """
        if not home.is_private(row.settings):
            return
        try:
            files = self._files.placed(Principal(row.created_by, row.project))
        except VaultClosed as error:
            raise StartError(f"cannot read the profile files: {error.detail}") from error
        for file in files:
            home.place(prepared, file.path, file.content, file.mode)
