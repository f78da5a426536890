# Written by `make regen` from flowkit/_async/stored_data.py: edit that file.
"""What a `Flow` can do with data that outlives tasks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flowkit._sync.connection import Connection

if TYPE_CHECKING:
    from flowkit._sync.outputs import Outputs
    from flowkit._sync.profile_files import ProfileFiles
    from flowkit._sync.secrets import Secrets
    from flowkit._sync.storage import Storage
    from flowkit._sync.task import Task
    from flowkit._sync.volume import Volume
    from flowkit._sync.volumes import Volumes
    from flowkit.volume_values import Interface


class StoredData(Connection):
    """The part of `Flow` that is about volumes, files and secrets."""

    @cached_property
    def volumes(self) -> Volumes:
        """Everything that can be done with volumes."""
        from flowkit._sync.volumes import Volumes

        return Volumes(self.api)

    @cached_property
    def secrets(self) -> Secrets:
        """The project's secrets, which tasks are handed by name."""
        from flowkit._sync.secrets import Secrets

        return Secrets(self.api)

    @cached_property
    def profile_files(self) -> ProfileFiles:
        """The caller's own files, which tasks find in their homes."""
        from flowkit._sync.profile_files import ProfileFiles

        return ProfileFiles(self.api)

    @cached_property
    def outputs(self) -> Outputs:
        """What is kept of tasks by their `outputs`."""
        from flowkit._sync.outputs import Outputs

        return Outputs(self.api)

    @cached_property
    def storage(self) -> Storage:
        """Everything that can be done with files of volumes and of tasks' workspaces."""
        from flowkit._sync.storage import Storage

        return Storage(self.api, self.volumes)

    def create_volume(
        self,
        size_gb: int,
        name: str | None = None,
        interface: Interface = "block",
        region: str | None = None,
    ) -> Volume:
        """Create a directory that outlives tasks; `flow.volumes.create` knows more options.

        Args:
            size_gb: Most GB that uploads may fill it with.
            name: Name to mount it by, as in `volume://name`.
            interface: `block` is used by one task at a time, `file` by many.
            region: Where it is to be.

        Raises:
            AlreadyExists: another volume of the project has the name.
            InvalidRequest: an argument is wrong.
        """
        return self.volumes.create(size_gb, name=name, interface=interface, region=region)

    def delete_volume(self, volume_id: str | Volume) -> None:
        """Delete a volume with everything in it; nothing brings it back.

        Args:
            volume_id: Its id or name.

        Raises:
            VolumeInUse: a task that has not ended is to use it.
            VolumeNotFound: there is none.
        """
        self.volumes.delete(volume_id)

    def list_volumes(self, limit: int | None = 100) -> list[Volume]:
        """Return the project's volumes and those shared with the caller, newest first.

        Args:
            limit: Most volumes; None for all.

        Raises:
            InvalidRequest: the limit is wrong.
        """
        return [volume for volume in self.volumes.list(limit=limit)]

    def mount_volume(
        self,
        volume_id: str | Volume,
        task_id: str | Task,
        mount_point: str | None = None,
    ) -> bool:
        """Mount a volume into a task that has not started.

        Args:
            volume_id: The volume's id or name.
            task_id: The task.
            mount_point: Absolute path at which the task sees it; `/volumes/NAME` unless given.

        Returns:
            True; whatever goes wrong is raised.

        Raises:
            TaskNotPending: the task has started.
            InvalidMount: nothing can be mounted there.
            VolumeNotFound: there is no such volume.
            TaskNotFound: there is no such task.
        """
        self.volumes.mount(volume_id, task_id, mount_point=mount_point)
        return True
