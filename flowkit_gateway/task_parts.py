"""What a task is made of besides its command: code, data, secrets. One protocol for all of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.engines.engine import Array, BindMount, StartError
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Problem
from flowkit_gateway.redaction import REDACTED, redact
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.task_credentials import TaskCredentials
from flowkit_gateway.vault import VaultClosed

log = logging.getLogger(__name__)

HOME = "home"
"""Name of the directory of a run directory that is an attempt's home, where it has its own."""

SNAPSHOTS = "snapshots"
"""Name of the directory of a run directory with the snapshots that an attempt mounts."""

__all__ = ["Prepared", "StartError", "TaskPart", "TaskParts"]


@dataclass(slots=True)
class Prepared:
    """What the parts of one attempt add to its launch."""

    _run_dir: Path
    env: dict[str, str] = field(default_factory=dict)
    """Goes before the gateway's own environment and behind what the task itself says."""
    secrets: list[str] = field(default_factory=list)
    """Values that no message about the attempt may show; each is in here before it is used."""
    mounts: list[BindMount] = field(default_factory=list)
    outputs: tuple[str, ...] = ()
    array: Array | None = None

    @property
    def run_dir(self) -> Path:
        """Private directory of the attempt, made when it is first asked for.

        Raises:
            StartError: it cannot be made.
        """
        try:
            os.makedirs(self._run_dir, 0o700, exist_ok=True)
        except OSError as error:
            raise StartError(f"cannot create {self._run_dir}: {error.strerror}") from error
        return self._run_dir

    @property
    def workspace(self) -> Path:
        """Where the task runs unless it says otherwise; a part that fills it creates it."""
        return self.run_dir / "workspace"


class TaskPart(Protocol):
    """One noun that tasks refer to, such as mounts or secrets."""

    name: str
    """Names the part's check in a plan."""
    fields: frozenset[str]
    """Fields of `TaskCreate` that it is about; it is asked only about tasks that have one."""

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Check a task that is being submitted, and say in a few words what was found.

        Args:
            caller: who submits it.
            settings: its `TaskCreate` document, the part's own copy; what is replaced in it is
                what will be stored and answered.
            loc: JSON pointer of the document in its request, for errors.

        Raises:
            Problem: the task cannot be accepted; nothing was created.
        """

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write what belongs to a new task, in the transaction that creates it.

        Raises:
            Problem: what `admit` found is not so any more; nothing is created.
        """

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Make ready what an attempt needs; it is cancelled when the task is.

        A gateway that is killed in the middle prepares another attempt, in another directory.

        Raises:
            StartError: the attempt cannot be started; its text says why.
        """


class PartCheck(NamedTuple):
    """What a part says of a task."""

    name: str
    found: str | Problem
    """What it found, or why the task cannot be accepted."""


class TaskParts:
    """The parts that a gateway has.

    Args:
        parts: in the order in which they are asked.
        credentials: where the values are kept that attempts are handed; none are without it.
        disposal: removes the private files of attempts; they stay without it.
    """

    def __init__(
        self,
        parts: Iterable[TaskPart] = (),
        credentials: TaskCredentials | None = None,
        disposal: Disposal | None = None,
    ) -> None:
        self._parts = tuple(parts)
        self._credentials = credentials
        self._disposal = disposal

    def of(self, settings: Mapping[str, object]) -> Sequence[TaskPart]:
        """Return the parts that a task has something of."""
        return [part for part in self._parts if not part.fields.isdisjoint(settings)]

    async def admit(
        self, caller: Principal, settings: Mapping[str, object], loc: str
    ) -> dict[str, object]:
        """Return the document of a task that is being submitted as it is to be stored.

        Raises:
            Problem: the task cannot be accepted; nothing was created.
        """
        document = dict(settings)
        for part in self.of(settings):
            await part.admit(caller, document, loc)
        return document

    async def checks(
        self, caller: Principal, settings: Mapping[str, object]
    ) -> tuple[dict[str, object], list[PartCheck]]:
        """Return the document of a task that might be submitted, and what each part says of it."""
        document = dict(settings)
        checks = []
        for part in self.of(settings):
            try:
                found: str | Problem = await part.admit(caller, document, "/body")
            except Problem as problem:
                found = problem
            checks.append(PartCheck(part.name, found))
        return document, checks

    def insert(self, connection: Transaction, rows: Iterable[TaskRow]) -> None:
        """Write what belongs to new tasks, in the transaction that creates them."""
        for row in rows:
            for part in self.of(row.settings):
                part.insert(connection, row)

    async def prepare(self, row: TaskRow, run_dir: Path) -> Prepared:
        """Make ready what an attempt needs.

        Raises:
            StartError: the attempt cannot be started; its text says why.
        """
        prepared = Prepared(run_dir)
        try:
            for part in self.of(row.settings):
                await part.prepare(row, prepared)
        finally:
            # Also of what failed: its message may quote what it was about to hand over.
            if prepared.secrets and self._credentials is not None:
                await self._credentials.put_handed(row.id, prepared.secrets)
        return prepared

    def clear(self, run_dir: Path) -> None:
        """Remove what an attempt that is over was given: its home, and snapshots to mount."""
        for directory in (run_dir / HOME, run_dir / SNAPSHOTS):
            try:
                if self._disposal is not None:
                    self._disposal.throw_away(directory)
            except OSError as error:
                log.warning("cannot remove %s: %s", directory, error)

    def redacted(self, task_id: str, text: str) -> str:
        """Return a text about a task's newest attempt without the secrets that it was handed."""
        if self._credentials is None:
            return text
        try:
            return redact(text, self._credentials.handed(task_id))
        except VaultClosed as error:
            return f"{REDACTED} (it may quote secrets, and they cannot be told: {error.detail})"
