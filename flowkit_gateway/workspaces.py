"""Private workspaces of tasks that have ended, as garbage. Outputs and logs stay."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.garbage import Garbage, size_of
from flowkit_gateway.store.store import Store
from flowkit_gateway.task_parts import HOME

_PRIVATE = ("workspace", HOME)
_AT_ONCE = 500


class WorkspaceGarbage:
    """Implements `garbage.GarbageSource`.

    Args:
        store: knows which tasks have ended.
        tasks_dir: holds a directory for each task, which has one for each attempt.
        disposal: removes the workspaces.
        is_being_deleted: says of a task's id if its directory is being removed as a whole.
    """

    kind = "workspace"

    def __init__(
        self,
        store: Store,
        tasks_dir: Path,
        disposal: Disposal,
        is_being_deleted: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._tasks_dir = tasks_dir
        self._disposal = disposal
        self._is_being_deleted = is_being_deleted

    def find(self, before: float, project: str | None) -> Generator[None, None, list[Garbage]]:
        """Return the workspaces of tasks that ended before a Unix time."""
        found = []
        task_ids = _names(self._tasks_dir)
        while some := list(itertools.islice(task_ids, _AT_ONCE)):
            with_workspace = []
            for task_id in some:
                if any(self._directories(task_id)):
                    with_workspace.append(task_id)
                yield
            for row in self._store.ended_tasks(with_workspace, before):
                if project in (None, row.project):
                    size = 0
                    for directory in self._directories(row.id):
                        size += yield from size_of(directory)
                    used_at = row.finished_at or row.created_at
                    found.append(Garbage(self.kind, row.project, row.id, size, used_at))
        return found

    async def remove(self, item: Garbage) -> bool:
        """Remove the workspaces of a task; once it has ended, it never runs again."""
        if self._is_being_deleted(item.name):
            return False
        thrown_away = [
            self._disposal.throw_away(directory) for directory in self._directories(item.name)
        ]
        return any(thrown_away)

    def _directories(self, task_id: str) -> Iterable[Path]:
        for attempt in _names(self._tasks_dir / task_id):
            for name in _PRIVATE:
                path = self._tasks_dir / task_id / attempt / name
                if os.path.lexists(path):
                    yield path


def _names(directory: Path) -> Iterable[str]:
    try:
        return iter(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return iter(())
