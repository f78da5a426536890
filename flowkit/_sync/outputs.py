# Written by `make regen` from flowkit/_async/outputs.py: edit that file.
"""`flow.outputs`: the files that are kept of a task after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.files import list_files
from flowkit_api.models import File, FileArea, FileType

from flowkit._sync.downloads import Downloads
from flowkit._sync.paging import listed
from flowkit.local_files import inside, make_directory
from flowkit.task_fields import TaskFields, task_id_of
from flowkit.transfers import Meter, Transfer, TransferProgress

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

    def download(
        self,
        task: str | TaskFields,
        path: str | None = None,
        *,
        into: str | os.PathLike[str] = ".",
        progress: Callable[[TransferProgress], object] | None = None,
    ) -> Transfer:
        """Receive outputs of a task, each at its own path below a local directory.

        A file that is there is replaced once the new one is whole. Links are left out, as the
        result says.

        Args:
            task: The task.
            path: Only this file or directory.
            into: The local directory, which is made.
            progress: Called as bytes arrive, by one thread at a time.

        Returns:
            How much was received, and what was left out.

        Raises:
            TaskNotFound: there is no such task.
            FileNotFound: there is nothing at the path.
            FlowError: a local file cannot be written.
        """
        directory = os.fspath(into) or "."
        meter = Meter(progress)
        downloads = Downloads(self._api, task_id_of(task), FileArea.OUTPUTS, meter)
        entry = downloads.stat((path or "").strip("/"))
        local = inside(directory, entry.path) if entry.path else directory
        if entry.type == FileType.DIRECTORY:
            downloads.tree(entry.path, local)
        else:
            make_directory(os.path.dirname(local))
            meter.expect(1, entry.size_bytes)
            downloads.file(entry, local)
        return meter.result()
