"""Grants: invitations to use a volume of another project, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import cast

from flowkit_gateway.contract import invalid
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import (
    AlreadyExists,
    Conflict,
    Detail,
    NotFound,
    PermissionDenied,
    VolumeNotFound,
)
from flowkit_gateway.store import grants as rows
from flowkit_gateway.store import volumes as volume_rows
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.grants import GrantRow, GrantTable
from flowkit_gateway.store.rows import Created, IdempotencyKey
from flowkit_gateway.store.store import Store
from flowkit_gateway.volumes import LISTED, Volumes

DEFAULT_PERMISSION = "ro"


class Grants:
    """The grants of one gateway.

    A grant that is taken back ends what is new: tasks that run keep the volume, tasks that are
    still queued fail when they are to start.

    Args:
        store: the rows.
        volumes: what may be shared.
    """

    def __init__(self, store: Store, volumes: Volumes) -> None:
        self.table = GrantTable(store.database)
        self._store = store
        self._volumes = volumes

    async def create(
        self,
        caller: Principal,
        wanted: Mapping[str, str],
        key: IdempotencyKey | None,
        answer: Callable[[GrantRow], bytes],
    ) -> Created:
        """Invite a user or a project to use a volume of the caller's project.

        Args:
            caller: who invites.
            wanted: the contract's `GrantCreate`.
            key: what makes the call safe to repeat.
            answer: renders the row as the body to answer with.

        Raises:
            VolumeNotFound: there is no such volume that the caller may use.
            PermissionDenied: it is another project's.
            InvalidRequest: the caller's own project is invited.
            AlreadyExists: there is such a grant.
        """
        volume = self._volumes.owned(caller, wanted["volume_id"])
        principal = wanted["principal"]
        if principal == f"project:{volume.project}":
            message = "the project whose volume it is needs no grant"
            raise invalid([Detail("/body/principal", message)])
        row = GrantRow(
            id=self._store.new_id("grant"),
            volume_id=volume.id,
            project=volume.project,
            principal=principal,
            permission=wanted.get("permission") or DEFAULT_PERMISSION,
            status="pending",
            created_by=caller.user,
            created_at=time.time(),
        )

        def work(connection: Transaction) -> None:
            if volume_rows.find(connection, volume.id) is None:
                raise VolumeNotFound(f"there is no volume {volume.id}", hint=LISTED)
            if not rows.insert(connection, row):
                raise AlreadyExists(
                    f"{principal} has a grant on {volume.id} already",
                    hint="take that one back first",
                )

        return await self._store.answers.create(caller.project, key, answer(row), work)

    async def accept(self, caller: Principal, grant_id: str) -> GrantRow:
        """Accept an invitation; one that was declined may still be.

        Raises:
            NotFound: the caller has no such grant.
            PermissionDenied: the invitation is another's.
        """
        return await self._decide(caller, grant_id, "accepted", ("pending", "declined"))

    async def decline(self, caller: Principal, grant_id: str) -> GrantRow:
        """Decline an invitation.

        Raises:
            NotFound: the caller has no such grant.
            PermissionDenied: the invitation is another's.
            Conflict: it was accepted.
        """
        row = await self._decide(caller, grant_id, "declined", ("pending",))
        if row.status == "accepted":
            raise Conflict(f"{grant_id} was accepted", hint="delete it to leave the volume")
        return row

    async def delete(self, caller: Principal, grant_id: str) -> None:
        """Take a grant back, or leave what was shared.

        Raises:
            NotFound: the caller has no such grant.
        """
        self._find(caller, grant_id)
        deleted = await self._store.database.write(
            lambda connection: rows.remove(connection, grant_id)
        )
        if not deleted:
            raise _not_found(grant_id)

    async def _decide(
        self, caller: Principal, grant_id: str, status: str, allowed: tuple[str, ...]
    ) -> GrantRow:
        row = self._find(caller, grant_id)
        if row.principal not in caller.names:
            raise PermissionDenied(f"{grant_id} invites {row.principal}, who alone may do this")
        now = time.time()
        changed = await self._store.database.write(
            lambda connection: rows.decide(connection, grant_id, status, now, allowed)
        )
        return changed or self._find(caller, grant_id)

    def _find(self, caller: Principal, grant_id: str) -> GrantRow:
        row = self.table.get(grant_id)
        if row is None or not (row.project == caller.project or row.principal in caller.names):
            raise _not_found(grant_id)
        return row

    def volume_name(self, row: GrantRow) -> str | None:
        """Return the name of the volume that a grant is about."""
        volume = self._volumes.table.get(row.volume_id)
        return cast("str | None", volume and volume.name)


def _not_found(grant_id: str) -> NotFound:
    return NotFound(
        f"there is no grant {grant_id}",
        hint="`flowkit volume invitations` lists what can be answered",
    )
