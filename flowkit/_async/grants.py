"""Who else may use a volume."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.grants import (
    accept_grant,
    create_grant,
    decline_grant,
    delete_grant,
    list_grants,
)
from flowkit_api.models import Grant, GrantCreate, GrantDirection, GrantStatus, VolumePermission

from flowkit._async.paging import listed
from flowkit.errors import NotFound

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport


class AsyncGrants:
    """Grants on volumes, which `flow.volumes` hands out by volume and principal.

    Args:
        api: What to send with.
    """

    def __init__(self, api: AsyncTransport) -> None:
        self._api = api

    async def create(self, volume_id: str, principal: str, permission: str) -> Grant:
        """Invite a principal to use a volume."""
        body = GrantCreate(
            volume_id=volume_id,
            principal=principal,
            permission=VolumePermission(permission),
        )
        return await self._api.call(create_grant.request(body=body), create_grant.parse)

    async def take_back(self, volume_id: str, principal: str) -> None:
        """Delete the grants of a principal on a volume.

        Raises:
            NotFound: there is none.
        """
        grants = await self.of_volume(volume_id)
        given = [grant for grant in grants if grant.principal == principal]
        if not given:
            raise NotFound(
                f"the volume is not shared with {principal}",
                status=404,
                hint="`flowkit volume show` says with whom it is shared",
            )
        for grant in given:
            await self.delete(grant.id)

    async def of_volume(self, volume_id: str) -> list[Grant]:
        """Return the grants that were given on a volume, newest first."""
        request = partial(list_grants.request, volume_id=volume_id, direction=GrantDirection.GIVEN)
        return [one async for one in listed(self._api, request, list_grants.parse, limit=None)]

    async def invitations(self) -> list[Grant]:
        """Return the grants that wait for the caller's answer, newest first."""
        request = partial(
            list_grants.request, direction=GrantDirection.RECEIVED, status=GrantStatus.PENDING
        )
        return [one async for one in listed(self._api, request, list_grants.parse, limit=None)]

    async def accept(self, grant: str | Grant) -> Grant:
        """Accept an invitation."""
        return await self._api.call(accept_grant.request(grant_id=_id(grant)), accept_grant.parse)

    async def decline(self, grant: str | Grant) -> Grant:
        """Decline an invitation."""
        return await self._api.call(decline_grant.request(grant_id=_id(grant)), decline_grant.parse)

    async def delete(self, grant: str | Grant) -> None:
        """Take a grant back, or leave what was shared."""
        await self._api.send(delete_grant.request(grant_id=_id(grant)))


def _id(grant: str | Grant) -> str:
    grant_id = grant.id if isinstance(grant, Grant) else grant
    if isinstance(grant_id, str) and re.fullmatch("grant_[0-9a-z]{26}", grant_id):
        return grant_id
    shown = repr(grant_id[:60]) if isinstance(grant_id, str) else "of another type than text"
    raise NotFound(
        f"there is no invitation {shown}",
        status=404,
        hint="`flowkit volume invitations` lists them",
    )
