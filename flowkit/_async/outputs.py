"""`flow.outputs`: the files that are kept of a task after it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.files import list_files
from flowkit_api.models import File, FileArea, FileType

from flowkit._async.downloads import AsyncDownloads
from flowkit._async.paging import listed
from flowkit.local_files import inside, make_directory
from flowkit.task_fields import TaskFields, task_id_of
from flowkit.transfers import Meter, Transfer, TransferProgress

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport


class AsyncOutputs:
    """Files that a task left by its `outputs`, whatever became of it.

    Args:
        api: What to send with.

    Example:
        >>> async with AsyncFlow() as flow:
        ...     command = "echo 0.97 > accuracy"
        ...     task = await flow.submit(command, outputs=["accuracy"], wait=True)
        ...     print([file.path async for file in flow.outputs.list(task)])
        ['accuracy']
    """

    def __init__(self, api: AsyncTransport) -> None:
        self._api = api

    async def list(
        self,
        task: str | TaskFields,
        path: str | None = None,
        *,
        recursive: bool = True,
        limit: int | None = None,
    ) -> AsyncIterator[File]:
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
        async for file in listed(self._api, request, list_files.parse, limit=limit):
            yield file

    async def download(
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
        downloads = AsyncDownloads(self._api, task_id_of(task), FileArea.OUTPUTS, meter)
        entry = await downloads.stat((path or "").strip("/"))
        local = inside(directory, entry.path) if entry.path else directory
        if entry.type == FileType.DIRECTORY:
            await downloads.tree(entry.path, local)
        else:
            await asyncio.to_thread(make_directory, os.path.dirname(local))
            meter.expect(1, entry.size_bytes)
            await downloads.file(entry, local)
        return meter.result()
