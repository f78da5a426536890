"""What callers do with the files of volumes and tasks."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from flowkit_gateway.files import edits
from flowkit_gateway.files.entries import Entry, entry_at
from flowkit_gateway.files.faults import problem_of
from flowkit_gateway.files.listing import list_page
from flowkit_gateway.files.paths import Names
from flowkit_gateway.files.placing import Attributes, check_target, finish, put
from flowkit_gateway.files.quotas import Quotas
from flowkit_gateway.files.reading import OpenFile, open_file, sha256_of
from flowkit_gateway.files.receiving import PartialFile, Parts, receive
from flowkit_gateway.files.spaces import Space, Spaces
from flowkit_gateway.files.threads import in_steps, in_thread
from flowkit_gateway.files.trash import Trash
from flowkit_gateway.problems import ChecksumMismatch

if TYPE_CHECKING:
    from flowkit_gateway.principal import Principal

PARTIAL_NAME = ".flowkit-{}"
"""How a file is called while it arrives."""


class Files:
    """The files of one gateway.

    Args:
        spaces: where they are.
        quotas: how much may be uploaded.
        trash: takes directories that are deleted.
        empty_soon: has the trash emptied.
    """

    def __init__(
        self, spaces: Spaces, quotas: Quotas, trash: Trash, empty_soon: Callable[[], None]
    ) -> None:
        self._spaces = spaces
        self._quotas = quotas
        self._trash = trash
        self._empty_soon = empty_soon

    def space(self, caller: Principal, space_id: str, area: str | None = None) -> Space:
        """Return a space that the caller may use (see `Spaces.find`)."""
        return self._spaces.find(caller, space_id, area)

    async def list(
        self, space: Space, top: Names, *, recursive: bool, after: Names, limit: int
    ) -> list[Entry]:
        """Return what follows in a list (see `list_page`)."""
        return await in_thread(
            list_page, space.tree, top, recursive=recursive, after=after, limit=limit
        )

    async def stat(self, space: Space, names: Names) -> Entry:
        """Describe a file, a directory or a link.

        Raises:
            FileNotFound: there is nothing.
        """

        def describe() -> Entry:
            with space.tree.place(names) as place:
                return entry_at(place, names)

        return await in_thread(describe)

    async def sha256(self, space: Space, names: Names) -> tuple[Entry, str]:
        """Describe a file and compute its checksum.

        Raises:
            FileNotFound: there is none.
            InvalidPath: it is no file.
        """
        file = await self.open_file(space, names)
        try:
            return file.entry, await in_steps(sha256_of(file.descriptor))
        finally:
            os.close(file.descriptor)

    async def open_file(self, space: Space, names: Names) -> OpenFile:
        """Open a file for reading (see `open_file`)."""
        return await in_thread(open_file, space.tree, names)

    async def write(
        self,
        space: Space,
        names: Names,
        parts: AsyncGenerator[bytes, None],
        attributes: Attributes,
        *,
        overwrite: bool,
        sha256: str | None,
    ) -> tuple[Entry, str]:
        """Receive a file, which appears when it is whole.

        Args:
            space: where to.
            names: its path.
            parts: its content.
            attributes: its mode and time.
            overwrite: replace a file that is there.
            sha256: the checksum that its content must have.

        Returns:
            The file and its checksum.

        Raises:
            AlreadyExists: there is a directory, or a file that is not to be replaced.
            ChecksumMismatch: something else has arrived.
            QuotaExceeded: the volume has no room for it.
            StorageFull: the disk has no room for it.
            ClientGone: the client went away in the middle.
        """
        tree = space.demand_writable().tree
        replaced = await in_thread(check_target, tree, names, overwrite=overwrite)
        arrivals = await in_thread(self._spaces.arrivals, space)
        file = PartialFile(arrivals / PARTIAL_NAME.format(secrets.token_hex(16)))
        try:
            await in_thread(file.open)
            await self._receive(space, file, parts, replaced)
            digest = await file.sha256()
            if sha256 is not None and digest != sha256:
                raise mismatch(digest, sha256)
            entry = await in_thread(finish, file.descriptor, names, attributes)
            await in_thread(put, file.path, tree, names, overwrite=overwrite)
            self._quotas.added(space, file.size - replaced)
        except OSError as error:
            raise problem_of(error, "the upload") from error
        finally:
            self._quotas.leave(space, file.size)
            await in_thread(file.discard)
        return entry, digest

    async def make_directory(self, space: Space, names: Names) -> Entry:
        """Make a directory, and those above it (see `make_directories`)."""
        return await in_thread(edits.make_directories, space.demand_writable().tree, names)

    async def move(self, space: Space, source: Names, target: Names, *, overwrite: bool) -> Entry:
        """Move a file or a directory (see `edits.move`)."""
        tree = space.demand_writable().tree
        if overwrite:
            self._quotas.forget(space)
        return await in_thread(edits.move, tree, source, target, overwrite=overwrite)

    async def delete(self, space: Space, names: Names, *, recursive: bool) -> None:
        """Delete a file or a directory (see `edits.delete`)."""
        tree = space.demand_writable().tree
        await in_thread(edits.delete, tree, names, self._trash, recursive=recursive)
        self._quotas.forget(space)
        if recursive:
            self._empty_soon()

    async def _receive(
        self,
        space: Space,
        file: PartialFile,
        parts: AsyncGenerator[bytes, None],
        replaced: int,
    ) -> None:
        await self._quotas.demand(space, -replaced)

        async def write(batch: Parts) -> None:
            await self._quotas.arrive(space, sum(map(len, batch)), replaced)
            await in_thread(file.append, batch)

        await receive(parts, write)


def mismatch(digest: str, wanted: str) -> ChecksumMismatch:
    """Return the error for content that is not what was announced."""
    return ChecksumMismatch(
        f"what has arrived has the SHA-256 {digest}, not {wanted}",
        hint="Check that the file did not change meanwhile, and upload it from its start.",
    )
