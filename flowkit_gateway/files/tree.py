"""A directory tree that no path leads out of, whatever links are in it and whoever changes it.

Each name is opened on its own, relative to the directory before it and never through a link; what
links point to is looked up here, so that it cannot change between the check and the use. (Linux's
`openat2` does the same in one call; Python cannot make it.)
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.files.faults import refusing
from flowkit_gateway.files.paths import MOST_PATH_BYTES, Names, shown, text_of
from flowkit_gateway.problems import InvalidPath

_MOST_LINKS = 40
"""As many as Linux follows in one path (path_resolution(7))."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o755


class Place(NamedTuple):
    """A name in an open directory; something may be there or not."""

    directory: int
    """The file descriptor of the directory."""
    name: str

    def stat(self) -> os.stat_result:
        """Describe what is there; a link itself, not what it points to."""
        return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)

    def find(self) -> os.stat_result | None:
        """Describe what is there, or return None for nothing."""
        try:
            return self.stat()
        except FileNotFoundError:
            return None

    def open(self, flags: int) -> int:
        """Open what is there, unless it is a link."""
        return os.open(self.name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.directory)


class Tree:
    """Everything below one directory. Its methods block: call them on a thread.

    Args:
        root: the directory.
        trusted: nobody but the gateway's own user says where `root` is, so it may be a link.
    """

    def __init__(self, root: Path, *, trusted: bool = False) -> None:
        self.root = root
        self._flags = _DIRECTORY & ~os.O_NOFOLLOW if trusted else _DIRECTORY

    @contextmanager
    def place(self, names: Names, *, follow: bool = False, make: bool = False) -> Iterator[Place]:
        """Find where a path leads, for as long as the context lasts.

        Args:
            names: the path.
            follow: go on through a link at the very end too.
            make: make the directories above that are missing.

        Raises:
            InvalidPath: it leads out of the tree, or through something that is no directory.
            Problem: the operating system refuses; so also what it refuses within the context.
        """
        with refusing(names):
            walk = _Walk(self, names, make)
            try:
                yield walk.to_the_end(follow)
            finally:
                os.close(walk.directory)

    def open_root(self) -> int:
        """Open the root."""
        return os.open(self.root, self._flags)


class _Walk:
    """The way along one path; `directory` is where it is, and open all the time."""

    def __init__(self, tree: Tree, names: Names, make: bool) -> None:
        self._tree = tree
        self._names = names
        self._make = make
        self._ahead = deque(names)
        self._behind: list[str] = []
        self._links = 0
        self.directory = tree.open_root()

    def to_the_end(self, follow: bool) -> Place:
        """Go up to the last name."""
        while self._ahead:
            name = self._ahead.popleft()
            if name == "..":
                self._go_up()
            elif self._ahead:
                self._enter(name)
            elif not (follow and self._follow(name)):
                return Place(self.directory, name)
        return Place(self.directory, ".")

    def _enter(self, name: str) -> None:
        try:
            below = os.open(name, _DIRECTORY, dir_fd=self.directory)
        except FileNotFoundError:
            if not self._make:
                raise
            below = make_directory(Place(self.directory, name))
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP) or not self._follow(name):
                raise
            return
        self._go(below)
        self._behind.append(name)

    def _follow(self, name: str) -> bool:
        """Put what a link points to before what is ahead; return False when it is none."""
        try:
            target = os.readlink(name, dir_fd=self.directory)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return False
            raise
        self._links += 1
        if self._links > _MOST_LINKS or len(target) > MOST_PATH_BYTES:
            raise self._refusal("goes through too many symbolic links")
        if target.startswith("/"):
            raise self._refusal("goes through a symbolic link out of its root")
        names = [part for part in target.split("/") if part not in ("", ".")]
        self._ahead.extendleft(reversed(names))
        return True

    def _go_up(self) -> None:
        # Not by `..` of where we are: that may have been moved elsewhere meanwhile.
        if not self._behind:
            raise self._refusal("goes through a symbolic link out of its root")
        self._ahead.extendleft(reversed(self._behind[:-1]))
        self._behind.clear()
        self._go(self._tree.open_root())

    def _go(self, directory: int) -> None:
        os.close(self.directory)
        self.directory = directory

    def _refusal(self, why: str) -> InvalidPath:
        return InvalidPath(
            f"{shown(text_of(self._names))} {why}",
            hint="Links are followed within one volume or workspace only.",
        )


def make_directory(place: Place) -> int:
    """Make a directory that others may read as far as those above let them, and open it."""
    try:
        os.mkdir(place.name, 0o700, dir_fd=place.directory)
    except FileExistsError:
        # Another call was first.
        return place.open(_DIRECTORY)
    below = place.open(_DIRECTORY)
    # The gateway's umask is for what is its own.
    os.fchmod(below, _MODE)
    return below
