# Written by `make regen` from flowkit/_async/volume.py: edit that file.
"""A volume that can be used, changed, shared and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from flowkit.volume_fields import VolumeFields
from flowkit.volume_values import Permission

if TYPE_CHECKING:
    from flowkit_api.models import Grant, VolumeUsage
    from flowkit_api.models.volume import Volume as VolumeData

    from flowkit._sync.volumes import Volumes


class Volume(VolumeFields):
    """A volume: its fields as they were last seen, and what can be done with it.

    Attributes:
        data: All fields, as the contract has them.

    Example:
        >>> with Flow() as flow:
        ...     volume = flow.create_volume(5, name="results")
        ...     command = "echo 0.9 > /out/score"
        ...     task = flow.submit(command, mounts={"/out": "results"}, wait=True)
        ...     print(volume.name, (volume.usage()).file_count)
        results 1
    """

    __slots__ = ("_volumes",)

    def __init__(self, data: VolumeData, volumes: Volumes) -> None:
        super().__init__(data)
        self._volumes = volumes

    def refresh(self) -> Self:
        """Fetch the fields as they are now.

        Raises:
            VolumeNotFound: the volume has been deleted, or is not shared any more.
        """
        self.data = (self._volumes.get(self)).data
        return self

    def update(
        self,
        *,
        name: str | None = None,
        size_gb: int | None = None,
        permission: Permission | None = None,
        cloneable: bool | None = None,
        clear: Literal["name"] | None = None,
    ) -> Self:
        """Change the volume; what is None stays. As `flow.volumes.update`.

        Raises:
            AlreadyExists: another volume of the project has the name.
            VolumeNotFound: the volume has been deleted.
        """
        changed = self._volumes.update(
            self,
            name=name,
            size_gb=size_gb,
            permission=permission,
            cloneable=cloneable,
            clear=clear,
        )
        self.data = changed.data
        return self

    def delete(self) -> None:
        """Delete the volume with everything in it.

        Raises:
            VolumeInUse: a task that has not ended is to use it.
            VolumeNotFound: it has been deleted.
        """
        self._volumes.delete(self)

    def clone(self, name: str | None = None, *, size_gb: int | None = None) -> Volume:
        """Copy the volume with everything in it into a new one.

        Args:
            name: The name of the new one.
            size_gb: Its size; that of this one unless given.

        Raises:
            AlreadyExists: another volume of the project has the name.
            PermissionDenied: it is another project's, and not cloneable.
        """
        return self._volumes.clone(self, name=name, size_gb=size_gb)

    def usage(self) -> VolumeUsage:
        """Count what is in the volume, which takes the longer the more files there are.

        Raises:
            VolumeNotFound: it has been deleted.
        """
        return self._volumes.usage(self)

    def share(self, principal: str, permission: Permission = "ro") -> Grant:
        """Invite a user or a project to use the volume.

        Args:
            principal: `user:NAME` or `project:NAME`.
            permission: `rw` to read and write, `ro` to read only.

        Raises:
            PermissionDenied: it is another project's.
        """
        return self._volumes.share(self, principal, permission)

    def unshare(self, principal: str) -> None:
        """Take back what was shared. Tasks that run keep the volume to their end.

        Raises:
            NotFound: it is not shared with them.
        """
        self._volumes.unshare(self, principal)

    def leave(self) -> None:
        """Give up the use of another project's volume.

        Raises:
            InvalidRequest: it is the caller's own.
        """
        self._volumes.leave(self)
