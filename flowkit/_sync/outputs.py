# Written by `make regen` from flowkit/_async/outputs.py: edit that file.
"""`flow.outputs`: the files that are kept of a task after it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.files import list_files
from flowkit_api.models import File, FileArea

from flowkit._sync.paging import listed
from flowkit.task_fields import TaskFields, task_id_of

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport


class Outputs:
    """Files that a task left by its `outputs`, whatever became of it.

    Args:
        api: What to send with.

    Example:
        >>> with Flow() as flow:
        ...     command = "echo 0.97 > accuracy"
        ...     task = flow.submit(command, outputs=["accuracy"], wait=True)
        ...     print([file.path for file in flow.outputs.list(task)])
        ['accuracy']
    """

    def __init__(self, api: Transport) -> None:
        self._api = api

    def list(
        self,
        task: str | TaskFields,
        path: str | None = None,
        *,
        recursive: bool = True,
        limit: int | None = None,
    ) -> Iterator[File]:
        """Yield the outputs of a task in the order of their paths.

        Args:
            task: The task; one that has not ended has none yet.
            path: Only what is in this directory, or this file.
            recursive: Also what is in directories below.
            limit: Most files and directories; None for all.

        Raises:
            TaskNotFound: there is no such task.
            FileNotFound: there is nothing at the path.
            InvalidPath: the path cannot be one.
        """
        request = partial(
            list_files.request,
            space=task_id_of(task),
            area=FileArea.OUTPUTS,
            path=path,
            recursive=recursive or None,
        )
        for file in listed(self._api, request, list_files.parse, limit=limit):
            yield file
