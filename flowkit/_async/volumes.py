"""`flow.volumes`: directories that outlive tasks, and who may use them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from flowkit_api.api.tasks import mount_volume
from flowkit_api.api.volumes import (
    create_volume,
    create_volume_clone,
    delete_volume,
    get_volume,
    get_volume_usage,
    list_volumes,
    update_volume,
)
from flowkit_api.models import (
    Grant,
    MountRequest,
    VolumeClearField,
    VolumeClone,
    VolumeCreate,
    VolumeInterface,
    VolumePermission,
    VolumeUpdate,
    VolumeUsage,
)

from flowkit._async.grants import AsyncGrants
from flowkit._async.paging import listed
from flowkit._async.volume import AsyncVolume
from flowkit.errors import InvalidRequest, VolumeNotFound
from flowkit.mounts import parse_target
from flowkit.task_fields import TaskFields, task_id_of
from flowkit.volume_fields import VolumeFields, volume_reference
from flowkit.volume_values import (
    VOLUME_ID,
    Interface,
    Permission,
    read_interface,
    read_name,
    read_permission,
    read_principal,
    read_region,
    read_size_gb,
)

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport


class AsyncVolumes:
    """Everything that can be done with volumes; one is given by its id, its name or as a handle.

    Args:
        api: What to send with.
    """

    def __init__(self, api: AsyncTransport) -> None:
        self._api = api
        self._grants = AsyncGrants(api)

    async def create(
        self,
        size_gb: int,
        *,
        name: str | None = None,
        interface: Interface = "block",
        region: str | None = None,
        permission: Permission = "rw",
        cloneable: bool = False,
        idempotency_key: str | None = None,
    ) -> AsyncVolume:
        """Create a volume.

        Args:
            size_gb: Most GB that uploads may fill it with.
            name: Name to mount it by, which no other volume of the project has.
            interface: `block` is used by one task at a time, `file` by many.
            region: Where it is to be.
            permission: `ro` lets nobody write to it.
            cloneable: Whether those it is shared with may copy it.
            idempotency_key: Makes the call safe to repeat, from other processes too.

        Raises:
            AlreadyExists: another volume of the project has the name.
            InvalidRequest: an argument is wrong.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     volume = await flow.volumes.create(5, name="tables", interface="file")
            ...     print(volume.name, volume.size_gb, volume.interface)
            tables 5 file
        """
        body = VolumeCreate(
            size_gb=read_size_gb(size_gb),
            name=None if name is None else read_name(name),
            interface=VolumeInterface(read_interface(interface)),
            region=None if region is None else read_region(region),
            permission=VolumePermission(read_permission(permission)),
            cloneable=bool(cloneable) or None,
        )
        request = create_volume.request(body=body, idempotency_key=idempotency_key)
        return AsyncVolume(await self._api.call(request, create_volume.parse), self)

    async def get(self, volume: str | VolumeFields) -> AsyncVolume:
        """Return a volume as it is now.

        Args:
            volume: Its id, or its name; one of the project goes before a shared one.

        Raises:
            VolumeNotFound: there is none.
            InvalidRequest: several that are shared have the name.
        """
        reference = volume_reference(volume)
        if re.fullmatch(VOLUME_ID, reference):
            request = get_volume.request(volume_id=reference)
            return AsyncVolume(await self._api.call(request, get_volume.parse), self)
        found = [one async for one in self.list(name=reference)]
        named = [one for one in found if one.grant_id is None] or found
        if not named:
            raise VolumeNotFound(
                f"there is no volume {reference!r}",
                status=404,
                hint="`flowkit volume ls` lists the volumes",
            )
        if len(named) > 1:
            raise InvalidRequest(
                f"{len(named)} volumes that are shared have the name {reference!r}",
                hint=f"give an id: {', '.join(one.id for one in named)}",
            )
        return named[0]

    async def update(
        self,
        volume: str | VolumeFields,
        *,
        name: str | None = None,
        size_gb: int | None = None,
        permission: Permission | None = None,
        cloneable: bool | None = None,
        clear: Literal["name"] | None = None,
    ) -> AsyncVolume:
        """Change a volume; what is None stays. Tasks that use it keep it under any name.

        Args:
            volume: The volume.
            name: Its new name.
            size_gb: Its new size.
            permission: `ro` lets nobody write to it.
            cloneable: Whether those it is shared with may copy it.
            clear: `name` takes its name away.

        Raises:
            AlreadyExists: another volume of the project has the name.
            VolumeNotFound: there is none.
            InvalidRequest: a value is wrong.
        """
        if clear not in (None, "name"):
            raise InvalidRequest(f"a volume's {clear!r} cannot be cleared", hint="only name")
        body = VolumeUpdate(
            name=None if name is None else read_name(name),
            size_gb=None if size_gb is None else read_size_gb(size_gb),
            permission=_permission(permission),
            cloneable=cloneable,
            clear=None if clear is None else [VolumeClearField.NAME],
        )
        request = update_volume.request(volume_id=await self.id_of(volume), body=body)
        return AsyncVolume(await self._api.call(request, update_volume.parse), self)

    async def delete(self, volume: str | VolumeFields) -> None:
        """Delete a volume with everything in it; nothing brings it back.

        Raises:
            VolumeInUse: a task that has not ended is to use it.
            VolumeNotFound: there is none.
        """
        await self._api.send(delete_volume.request(volume_id=await self.id_of(volume)))

    async def clone(
        self,
        volume: str | VolumeFields,
        *,
        name: str | None = None,
        size_gb: int | None = None,
        permission: Permission | None = None,
        cloneable: bool | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncVolume:
        """Copy a volume with everything in it into a new one.

        Args:
            volume: What to copy.
            name: The name of the new one.
            size_gb: Its size; that of the copied one unless given.
            permission: `ro` lets nobody write to it.
            cloneable: Whether those it is shared with may copy it.
            idempotency_key: Makes the call safe to repeat, from other processes too.

        Raises:
            AlreadyExists: another volume of the project has the name.
            PermissionDenied: it is another project's, and not cloneable.
            VolumeNotFound: there is none.
        """
        body = VolumeClone(
            name=None if name is None else read_name(name),
            size_gb=None if size_gb is None else read_size_gb(size_gb),
            permission=_permission(permission),
            cloneable=cloneable,
        )
        request = create_volume_clone.request(
            volume_id=await self.id_of(volume), body=body, idempotency_key=idempotency_key
        )
        return AsyncVolume(await self._api.call(request, create_volume_clone.parse), self)

    async def usage(self, volume: str | VolumeFields) -> VolumeUsage:
        """Count what is in a volume, which takes the longer the more files there are.

        Raises:
            VolumeNotFound: there is none.
        """
        request = get_volume_usage.request(volume_id=await self.id_of(volume))
        return await self._api.call(request, get_volume_usage.parse)

    async def mount(
        self,
        volume: str | VolumeFields,
        task: str | TaskFields,
        *,
        mount_point: str | None = None,
        read_only: bool = False,
    ) -> None:
        """Mount a volume into a task that has not started.

        Args:
            volume: The volume.
            task: The task.
            mount_point: Absolute path at which the task sees it; `/volumes/NAME` unless given.
            read_only: Let the task change nothing in it.

        Raises:
            TaskNotPending: the task has started.
            InvalidMount: nothing can be mounted there.
            VolumeNotFound: there is no such volume.
            TaskNotFound: there is no such task.
        """
        body = MountRequest(
            volume=volume_reference(volume),
            target=None if mount_point is None else parse_target(mount_point),
            read_only=read_only or None,
        )
        request = mount_volume.request(task_id=task_id_of(task), body=body)
        await self._api.call(request, mount_volume.parse)

    async def share(
        self, volume: str | VolumeFields, principal: str, permission: Permission = "ro"
    ) -> Grant:
        """Invite a user or a project to use a volume; they see it once they have accepted.

        Args:
            volume: The volume.
            principal: `user:NAME` or `project:NAME`.
            permission: `rw` to read and write, `ro` to read only.

        Raises:
            InvalidRequest: the principal or the permission is wrong.
            PermissionDenied: it is another project's.
            AlreadyExists: it is shared with them.
            VolumeNotFound: there is none.
        """
        principal, permission = read_principal(principal), read_permission(permission)
        return await self._grants.create(await self.id_of(volume), principal, permission)

    async def unshare(self, volume: str | VolumeFields, principal: str) -> None:
        """Take back what was shared. Tasks that run keep the volume to their end.

        Raises:
            NotFound: it is not shared with them.
            VolumeNotFound: there is none.
        """
        principal = read_principal(principal)
        await self._grants.take_back((await self.get(volume)).id, principal)

    async def leave(self, volume: str | VolumeFields) -> None:
        """Give up the use of another project's volume.

        Raises:
            InvalidRequest: it is the caller's own.
            VolumeNotFound: there is none.
        """
        found = await self.get(volume)
        if found.grant_id is None:
            raise InvalidRequest(
                f"{found.name or found.id} is this project's own volume", hint="delete it instead"
            )
        await self._grants.delete(found.grant_id)

    async def grants(self, volume: str | VolumeFields) -> list[Grant]:
        """Return with whom a volume is shared, and what they have answered.

        Raises:
            VolumeNotFound: there is none.
        """
        return await self._grants.of_volume(await self.id_of(volume))

    async def invitations(self) -> list[Grant]:
        """Return the invitations that wait for an answer, newest first."""
        return await self._grants.invitations()

    async def accept(self, grant: str | Grant) -> Grant:
        """Accept an invitation; the volume is then among the caller's.

        Args:
            grant: The invitation, or its id.

        Raises:
            NotFound: there is none.
        """
        return await self._grants.accept(grant)

    async def decline(self, grant: str | Grant) -> Grant:
        """Decline an invitation.

        Args:
            grant: The invitation, or its id.

        Raises:
            NotFound: there is none.
        """
        return await self._grants.decline(grant)

    async def list(
        self, *, name: str | None = None, limit: int | None = None
    ) -> AsyncIterator[AsyncVolume]:
        """Yield the project's volumes and those shared with the caller, newest first.

        Args:
            name: Only volumes of this name.
            limit: Most volumes; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        request = partial(list_volumes.request, name=None if name is None else read_name(name))
        async for data in listed(self._api, request, list_volumes.parse, limit=limit):
            yield AsyncVolume(data, self)

    async def id_of(self, volume: str | VolumeFields) -> str:
        """Return the id of a volume that is given by id, name or handle.

        Raises:
            VolumeNotFound: there is none.
            InvalidRequest: several that are shared have the name.
        """
        reference = volume_reference(volume)
        if re.fullmatch(VOLUME_ID, reference):
            return reference
        return (await self.get(reference)).id


def _permission(value: Permission | None) -> VolumePermission | None:
    return None if value is None else VolumePermission(read_permission(value))
