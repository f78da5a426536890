# Written by `make regen` from flowkit/_async/task_inputs.py: edit that file.
"""What tasks need of their caller's machine, sent to a gateway that is elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from flowkit.errors import InvalidTaskConfig
from flowkit.task_config import InPlace, TaskConfig

if TYPE_CHECKING:
    from flowkit_api.models import Mount, TaskCreate

    from flowkit.transport._sync.transport import Transport

_LOCAL = "file://"


class TaskInputs:
    """Makes tasks ready for the gateway, for one call: what several of them need is sent once.

    Args:
        api: What to send with.
        in_place: Where tasks run when they run in their caller's place.
    """

    def __init__(self, api: Transport, in_place: InPlace | None) -> None:
        self._api = api
        self._in_place = in_place
        self._codes: dict[str, str] = {}
        self._data: dict[str, str] = {}

    def body(self, config: TaskConfig) -> TaskCreate:
        """Return a task as the contract has it, but for what is to be sent.

        Raises:
            InvalidTaskConfig: the task is wrong.
        """
        return config.to_wire(self._in_place)

    def sent(self, config: TaskConfig, body: TaskCreate) -> TaskCreate:
        """Return a task as the contract has it, with its code and its data at the gateway.

        Args:
            config: The task.
            body: What `body` returned of it.

        Raises:
            FlowError: code or data cannot be sent.
        """
        code = config.code_directory(self._in_place)
        if code is not None:
            _check_working_dir(config, code)
            body = config.to_wire(self._in_place, snapshot_id=self._sent_code(code))
        for mount in self._local(body):
            mount.source = self._sent_data(_path(mount))
        return body

    def checked(self, config: TaskConfig) -> TaskCreate:
        """Return a task as the contract has it, without what would have to be sent.

        Raises:
            InvalidTaskConfig: the task is wrong.
            FlowError: code or data could not be sent.
        """
        from flowkit.code.tree import scan, scan_data

        body = self.body(config)
        code = config.code_directory(self._in_place)
        if code is not None:
            scan(Path(code))
            _check_working_dir(config, code)
        local = self._local(body)
        for mount in local:
            scan_data(Path(_path(mount)))
        if local:
            body.mounts = [mount for mount in body.mounts or () if mount not in local] or None
        return body

    def _local(self, body: TaskCreate) -> list[Mount]:
        """Return the mounts of what only the caller's machine has."""
        if self._in_place is not None:
            return []
        return [mount for mount in body.mounts or () if mount.source.startswith(_LOCAL)]

    def _sent_code(self, directory: str) -> str:
        if directory not in self._codes:
            from flowkit._sync.snapshots import Snapshots

            self._codes[directory] = (Snapshots(self._api).create(directory)).id
        return self._codes[directory]

    def _sent_data(self, path: str) -> str:
        """Send a directory or a file, and return the source that it is mounted from."""
        if path not in self._data:
            from flowkit._sync.snapshots import Snapshots

            self._data[path] = Snapshots(self._api).create_source(path)
        return self._data[path]


def _path(mount: Mount) -> str:
    from flowkit.mounts import MountSource

    return MountSource.parse(mount.source).path


def _check_working_dir(config: TaskConfig, code: str) -> None:
    """Refuse a directory that the code does not have, before the code is sent."""
    folder = os.fspath(config.working_dir or ".")
    if os.path.isdir(code) and not os.path.isdir(os.path.join(code, folder)):
        raise InvalidTaskConfig(
            f"working_dir {folder} is not a directory of the code in {code}",
            hint="name a directory of it",
        )
