"""Where files are: in volumes, in the workspaces of tasks and in what tasks leave behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from flowkit_gateway.contract import invalid
from flowkit_gateway.files.tree import Tree
from flowkit_gateway.problems import (
    Conflict,
    Detail,
    FileNotFound,
    PermissionDenied,
    TaskNotFound,
)

if TYPE_CHECKING:
    from flowkit_gateway.principal import Principal
    from flowkit_gateway.store.rows import TaskRow
    from flowkit_gateway.store.store import Store
    from flowkit_gateway.volumes import Volumes


class Space(NamedTuple):
    """A tree of files and what its caller may do with it."""

    id: str
    tree: Tree
    writable: bool
    quota_bytes: int | None = None
    """Most bytes that uploads may fill it with; None where only the disk ends."""

    def demand_writable(self) -> Space:
        """Return the space itself.

        Raises:
            PermissionDenied: its files may only be read.
        """
        if not self.writable:
            raise PermissionDenied(
                f"the files of {self.id} may only be read here",
                hint="A volume's permission or grant must be rw; outputs never change.",
            )
        return self


class Spaces:
    """The spaces of one gateway.

    Args:
        store: the rows of tasks.
        volumes: the volumes.
        data_dir: holds what tasks have written.
        embedded: the gateway serves nobody but the user of this machine.
    """

    def __init__(self, store: Store, volumes: Volumes, data_dir: Path, *, embedded: bool) -> None:
        self._store = store
        self._volumes = volumes
        self._tasks = data_dir / "tasks"
        self._uploads = data_dir / "uploads"
        self._embedded = embedded

    def find(self, caller: Principal, space_id: str, area: str | None = None) -> Space:
        """Return a space that the caller may use.

        Args:
            caller: who asks.
            space_id: id of a volume or of a task.
            area: which files of a task, `workspace` unless given.

        Raises:
            VolumeNotFound: there is no such volume, or not for the caller.
            TaskNotFound: the project has no such task.
            FileNotFound: the task has not started, so it has no files.
            Conflict: the task runs in a directory that is not the gateway's.
            InvalidRequest: an area of a volume.
        """
        if space_id.startswith("vol_"):
            if area is not None:
                hint = "Leave it out, or give the id of a task."
                raise invalid([Detail("/query/area", "is about tasks; this is a volume", hint)])
            access = self._volumes.access(caller, space_id)
            return Space(space_id, Tree(access.root), access.writable, access.quota_bytes)
        row = self._store.get_task(caller.project, space_id)
        if row is None:
            raise TaskNotFound(f"there is no task {space_id}")
        if area == "outputs":
            return Space(row.id, Tree(self._run_dir(row) / "outputs"), writable=False)
        return Space(row.id, self._workspace(row), writable=True)

    def arrivals(self, space: Space) -> Path:
        """Return the directory where files for a space arrive; it is on the same disk. Blocks."""
        self._uploads.mkdir(mode=0o700, exist_ok=True)
        root = space.tree.open_root()
        try:
            same = os.fstat(root).st_dev == self._uploads.stat().st_dev
        finally:
            os.close(root)
        return self._uploads if same else space.tree.root

    def _workspace(self, row: TaskRow) -> Tree:
        run_dir = self._run_dir(row)
        working_dir = cast("str | None", row.settings.get("working_dir"))
        if working_dir is None or not working_dir.startswith("/"):
            return Tree(run_dir / "workspace")
        if not self._embedded:
            raise Conflict(
                f"{row.id} runs in a directory of the gateway's machine, not in a workspace",
                hint="Leave out its working_dir, or copy files there by other means.",
            )
        # The user says where it is, and is who runs the gateway.
        return Tree(Path(working_dir), trusted=True)

    def _run_dir(self, row: TaskRow) -> Path:
        if not row.attempt:
            raise FileNotFound(
                f"{row.id} has no files before it starts", hint="Wait until it is running."
            )
        return self._tasks / row.id / str(row.attempt)
