# Written by `make regen` from flowkit/_async/sent_code.py: edit that file.
"""What a `Flow` can do with code that is sent to tasks."""

from __future__ import annotations

import posixpath
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from flowkit._sync.connection import Connection
from flowkit.errors import Conflict, InvalidRequest
from flowkit.task_fields import task_id_of

if TYPE_CHECKING:
    from flowkit._sync.snapshots import Snapshots
    from flowkit._sync.task import Task
    from flowkit._sync.tasks import Tasks

WORKSPACE = "/workspace"
"""What the directory that a task's code is copied to is called, wherever that is."""


class Console(Protocol):
    """Something to print to, such as `rich.console.Console`."""

    def print(self, text: str, /) -> object:
        """Print a line."""


class CodeUpdate(NamedTuple):
    """What an update of a task's code did."""

    snapshot_id: str
    written: int
    """Files that were written."""
    unchanged: int
    """Files that were the same already."""
    size_bytes: int
    """Bytes of the files that were written."""


class SentCode(Connection):
    """The part of `Flow` that is about code."""

    if TYPE_CHECKING:

        @cached_property
        def tasks(self) -> Tasks:
            """That of `Flow`."""

    @cached_property
    def snapshots(self) -> Snapshots:
        """Source trees that were sent."""
        from flowkit._sync.snapshots import Snapshots

        return Snapshots(self.api)

    def upload_code_to_task(
        self,
        task_id: str | Task,
        source_dir: str | Path | None = None,
        timeout: float | str = 600,
        console: Console | None = None,
        target_dir: str = WORKSPACE,
        progress_reporter: object | None = None,
        git_incremental: bool | None = None,
    ) -> CodeUpdate:
        """Update the code of a task that runs, or of one that is queued.

        Files that differ are replaced, one by one and each atomically; what only the task has
        stays.

        Args:
            task_id: The task. One that runs in its caller's own directory has no copy to update.
            source_dir: Directory with the new code; the current one unless given.
            timeout: Longest time to wait for a task that is starting: a number of seconds, or text
                such as `10m`.
            console: Where to print what was done, in one line.
            target_dir: Directory to update: `/workspace` or one below it, or a path relative to
                that.
            progress_reporter: Called with what is being done, in words: `sending`, `updating`.
            git_incremental: Only what differs travels, with or without git; False is refused, as
                there is no other way.

        Raises:
            InvalidRequest: an argument is wrong.
            Conflict: the task has ended, or runs in its caller's own directory.
            WaitTimeout: it did not start to run in time.
            InvalidTaskConfig: the directory cannot be sent.
        """
        from flowkit_api.api.snapshots import apply_snapshot
        from flowkit_api.models import SnapshotApplication

        task = task_id_of(task_id)
        target = _below_workspace(target_dir)
        report = _reporter(progress_reporter)
        if git_incremental is False:
            raise InvalidRequest(
                "git_incremental=False is not possible: only what differs travels",
                hint="leave it out",
            )
        report("sending")
        snapshot = self.snapshots.create(source_dir or ".")
        body = SnapshotApplication(snapshot_id=snapshot.id, target_dir=target)
        request = apply_snapshot.request(task_id=task, body=body)
        report("updating")
        seen = self.tasks.get(task)
        began = time.monotonic()
        if seen.status == "starting" or (seen.status == "pending" and target is not None):
            self.tasks.wait(task, until="running", timeout=timeout)
        try:
            applied = self.api.call(request, apply_snapshot.parse)
        except Conflict:
            if (self.tasks.get(task)).status != "starting":
                raise
            # It was queued when it was looked at, and started since.
            left = timeout if isinstance(timeout, str) else began + timeout - time.monotonic()
            self.tasks.wait(task, until="running", timeout=left)
            applied = self.api.call(request, apply_snapshot.parse)
        if console is not None:
            console.print(f"{applied.written} files updated, {applied.unchanged} were the same")
        return CodeUpdate(snapshot.id, applied.written, applied.unchanged, applied.size_bytes)


def _below_workspace(target: str) -> str | None:
    """Return a directory relative to the workspace, None for the workspace itself."""
    path = posixpath.normpath(target) if isinstance(target, str) and target else ""
    if path == WORKSPACE or path == ".":
        return None
    if path.startswith(f"{WORKSPACE}/"):
        return path.removeprefix(f"{WORKSPACE}/")
    if not path or path.startswith("/") or path.split("/")[0] == "..":
        raise InvalidRequest(
            f"invalid target_dir {str(target)[:80]!r}: it is not within the task's workspace",
            hint="write /workspace, or a path relative to it",
        )
    return path


def _reporter(given: object) -> Reporter:
    if given is None:
        return _ignored
    if not callable(given):
        raise InvalidRequest(
            f"a progress_reporter of type {type(given).__name__} cannot be called",
            hint="give a function of one text",
        )
    return given


class Reporter(Protocol):
    """Is told what is being done."""

    def __call__(self, stage: str, /) -> object: ...


def _ignored(stage: str) -> None:
    """Take no notice: nobody asked."""
