"""Directories that are deleted: out of sight at once, off the disk soon after."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import secrets
import shutil
import stat
from collections.abc import Generator
from pathlib import Path

from flowkit_gateway.files.tree import Place

_AT_ONCE = 1000
logger = logging.getLogger("flowkit_gateway")


class Trash:
    """A directory of its own for what is to be removed.

    Args:
        directory: made when it is needed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def take(self, place: Place) -> None:
        """Take a directory out of its tree."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        try:
            os.rename(place.name, self._new(), src_dir_fd=place.directory)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # From another disk nothing can be moved here, so that it goes piece by piece.
            shutil.rmtree(place.name, dir_fd=place.directory)

    def empty(self) -> Generator[None, None, bool]:
        """Remove all that is there, in steps; only one such run at a time.

        What is below a directory is moved up before that is removed, so that no depth is too deep
        and no link leads elsewhere.

        Returns:
            True when all is gone, False when the operating system keeps some of it.
        """
        kept: set[str] = set()
        while names := self._names() - kept:
            for name in names:
                try:
                    yield from self._remove(name)
                except OSError as error:
                    kept.add(name)
                    logger.warning("cannot remove %s: %s", self._directory / name, error)
        return not kept

    def _names(self) -> set[str]:
        try:
            return set(os.listdir(self._directory))
        except FileNotFoundError:
            return set()

    def _remove(self, name: str) -> Generator[None, None, None]:
        path = self._directory / name
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            os.unlink(path)
            return
        # Tasks may have taken the right to change it from themselves.
        os.chmod(path, 0o700)
        while entries := self._some(path):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.path, 0o700)
                    os.rename(entry.path, self._new())
                else:
                    os.unlink(entry.path)
                yield
        os.rmdir(path)

    def _some(self, path: Path) -> list[os.DirEntry[str]]:
        with os.scandir(path) as entries:
            return list(itertools.islice(entries, _AT_ONCE))

    def _new(self) -> Path:
        return self._directory / secrets.token_hex(16)
