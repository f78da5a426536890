"""What a `Flow` can do with data that outlives tasks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flowkit._async.connection import AsyncConnection

if TYPE_CHECKING:
    from flowkit._async.outputs import AsyncOutputs
    from flowkit._async.profile_files import AsyncProfileFiles
    from flowkit._async.secrets import AsyncSecrets
    from flowkit._async.storage import AsyncStorage
    from flowkit._async.task import AsyncTask
    from flowkit._async.volume import AsyncVolume
    from flowkit._async.volumes import AsyncVolumes
    from flowkit.volume_values import Interface


class AsyncStoredData(AsyncConnection):
    """The part of `AsyncFlow` that is about volumes, files and secrets."""

    @cached_property
    def volumes(self) -> AsyncVolumes:
        """Everything that can be done with volumes."""
        from flowkit._async.volumes import AsyncVolumes

        return AsyncVolumes(self.api)

    @cached_property
    def secrets(self) -> AsyncSecrets:
        """The project's secrets, which tasks are handed by name."""
        from flowkit._async.secrets import AsyncSecrets

        return AsyncSecrets(self.api)

    @cached_property
    def profile_files(self) -> AsyncProfileFiles:
        """The caller's own files, which tasks find in their homes."""
        from flowkit._async.profile_files import AsyncProfileFiles

        return AsyncProfileFiles(self.api)

    @cached_property
    def outputs(self) -> AsyncOutputs:
        """What is kept of tasks by their `outputs`."""
        from flowkit._async.outputs import AsyncOutputs

        return AsyncOutputs(self.api)

    @cached_property
    def storage(self) -> AsyncStorage:
        """Everything that can be done with files of volumes and of tasks' workspaces."""
        from flowkit._async.storage import AsyncStorage

        return AsyncStorage(self.api, self.volumes)

    async def create_volume(
        self,
        size_gb: int,
        name: str | None = None,
        interface: Interface = "block",
        region: str | None = None,
    ) -> AsyncVolume:
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
        return await self.volumes.create(size_gb, name=name, interface=interface, region=region)

    async def delete_volume(self, volume_id: str | AsyncVolume) -> None:
        """Delete a volume with everything in it; nothing brings it back.

        Args:
            volume_id: Its id or name.

        Raises:
            VolumeInUse: a task that has not ended is to use it.
            VolumeNotFound: there is none.
        """
        await self.volumes.delete(volume_id)

    async def list_volumes(self, limit: int | None = 100) -> list[AsyncVolume]:
        """Return the project's volumes and those shared with the caller, newest first.

        Args:
            limit: Most volumes; None for all.

        Raises:
            InvalidRequest: the limit is wrong.
        """
        return [volume async for volume in self.volumes.list(limit=limit)]

    async def mount_volume(
        self,
        volume_id: str | AsyncVolume,
        task_id: str | AsyncTask,
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
        await self.volumes.mount(volume_id, task_id, mount_point=mount_point)
        return True
