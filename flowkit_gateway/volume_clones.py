"""Copies of volumes: each appears when it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from flowkit_gateway.files.faults import problem_of
from flowkit_gateway.files.threads import in_steps, in_thread
from flowkit_gateway.placement import GB
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import PermissionDenied, QuotaExceeded, VolumeNotFound
from flowkit_gateway.store import volumes as rows
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.volumes import VolumeRow
from flowkit_gateway.volume_trees import copy_tree, make_durable
from flowkit_gateway.volumes import Volumes, name_is_taken

_Answer = Callable[[VolumeRow], bytes]


class VolumeClones:
    """Makes copies of volumes.

    Args:
        store: the rows.
        volumes: what can be copied.
    """

    def __init__(self, store: Store, volumes: Volumes) -> None:
        self._store = store
        self._volumes = volumes
        self._underway: dict[tuple[str, IdempotencyKey | str], asyncio.Task[Created]] = {}

    async def close(self) -> None:
        """Give up what is being copied."""
        underway = list(self._underway.values())
        for each in underway:
            each.cancel()
        await asyncio.gather(*underway, return_exceptions=True)

    async def create(
        self,
        caller: Principal,
        volume_id: str,
        wanted: Mapping[str, object],
        key: IdempotencyKey | None,
        answer: _Answer,
    ) -> Created:
        """Copy a volume with everything in it into a new one.

        Args:
            caller: whose project the copy will belong to.
            volume_id: what to copy.
            wanted: the contract's `VolumeClone`; size, interface and region are otherwise those
                of the original.
            key: what makes the call safe to repeat; repeated meanwhile, it waits for the same copy.
            answer: renders the row as the body to answer with.

        Raises:
            VolumeNotFound: there is none that the caller may use.
            PermissionDenied: it is another project's and not cloneable.
            AlreadyExists: the project has a volume of this name.
            QuotaExceeded: the copy is to be smaller than what is in the original.
            StorageFull: the disk is full; nothing is left.
        """
        original, grant = self._volumes.find(caller, volume_id)
        if grant is not None and not original.cloneable:
            raise PermissionDenied(
                f"{volume_id} belongs to the project {original.project} and is not cloneable",
                hint="ask someone of that project to make it so",
            )
        replay = self._store.answers.find(caller.project, key)
        if replay is not None:
            return replay
        inherited = {
            "size_gb": original.size_gb,
            "interface": original.interface,
            "region": original.region,
        }
        row = self._volumes.new_row(caller, {**inherited, **wanted})
        name = (caller.project, key or row.id)
        underway = self._underway.get(name)
        if underway is None:
            underway = asyncio.ensure_future(self._create(original, row, key, answer))
            self._underway[name] = underway
            underway.add_done_callback(lambda _: self._underway.pop(name))
        # A caller that goes away may come back for it.
        return await asyncio.shield(underway)

    async def _create(
        self, original: VolumeRow, row: VolumeRow, key: IdempotencyKey | None, answer: _Answer
    ) -> Created:
        if row.name is not None and self._volumes.table.named(row.project, row.name) is not None:
            raise name_is_taken(row.name)
        self._volumes.demand_room()
        # Until it is whole its directory is to go, whatever becomes of this gateway.
        await self._store.database.write(lambda connection: rows.discard(connection, row.id))
        created = None
        try:
            await self._copy(original, row)

            def work(connection: Transaction) -> None:
                # What was removed meanwhile was perhaps not copied as a whole.
                if rows.find(connection, original.id) is None:
                    raise VolumeNotFound(f"{original.id} was deleted while it was copied")
                if not rows.insert(connection, row):
                    raise name_is_taken(row.name)
                rows.keep(connection, row.id)

            created = await self._store.answers.create(row.project, key, answer(row), work)
        finally:
            if created is None or created.replayed:
                await self._volumes.throw_away(row.id)
        return created

    async def _copy(self, original: VolumeRow, row: VolumeRow) -> None:
        source, target = self._volumes.root(original.id), self._volumes.root(row.id)
        used = (await self._volumes.usage(original.id)).used_bytes
        if used > row.size_gb * GB:
            raise QuotaExceeded(
                f"{used} bytes are in {original.id}, more than {row.size_gb} GB",
                hint="ask for a larger size_gb",
            )
        try:
            await in_steps(copy_tree(source, target))
            await in_thread(make_durable, target.parent)
        except OSError as error:
            raise problem_of(error, f"the copy of {original.id}") from error
