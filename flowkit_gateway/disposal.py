"""What nobody needs any more: out of its place at once, off the disk soon after."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from pathlib import Path

from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.files.trash import Trash
from flowkit_gateway.files.tree import Place

log = logging.getLogger(__name__)

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Disposal:
    """Removes whole directories in the background.

    A gateway that is killed meanwhile leaves the rest to the next one.

    Args:
        directory: for this alone, on the disk of what is thrown away.
    """

    def __init__(self, directory: Path) -> None:
        self._trash = Trash(directory)
        self._is_due = False
        self._emptying: asyncio.Task[None] | None = None

    def throw_away(self, path: Path) -> bool:
        """Take a directory or file out of its place; return False when nothing is there.

        Raises:
            OSError: it cannot be taken away.
        """
        try:
            parent = os.open(path.parent, _DIRECTORY)
        except FileNotFoundError:
            return False
        try:
            place = Place(parent, path.name)
            found = place.find()
            if found is None:
                return False
            if stat.S_ISDIR(found.st_mode):
                # A task may have taken the right to move it from its own user.
                os.chmod(place.name, 0o700, dir_fd=parent)
            self._trash.take(place)
        finally:
            os.close(parent)
        self.empty_soon()
        return True

    def empty_soon(self) -> None:
        """Remove what was thrown away, also by a gateway before this one."""
        self._is_due = True
        if self._emptying is None or self._emptying.done():
            self._emptying = asyncio.get_running_loop().create_task(self._empty())

    async def emptied(self) -> None:
        """Wait until all is removed that was thrown away."""
        if self._emptying is not None:
            await asyncio.shield(self._emptying)

    async def _empty(self) -> None:
        while self._is_due:
            self._is_due = False
            await in_steps(self._trash.empty())

    async def close(self) -> None:
        """Stop removing; the next gateway goes on."""
        if self._emptying is not None:
            self._emptying.cancel()
            await asyncio.wait([self._emptying])
