"""Paths of stored files as people write them: `datasets:train/a.csv`, `/datasets/a.csv`."""

from __future__ import annotations

import re
from typing import NamedTuple

from flowkit.errors import InvalidPath
from flowkit.volume_values import VOLUME_NAME

DEFAULT_VOLUME = "storage"
"""The volume of paths that name none."""

_HINT = "write VOLUME:PATH, TASK_ID:PATH, or /PATH for the volume `storage`"


class RemotePath(NamedTuple):
    """A place in a volume, or in the workspace of a task."""

    space: str
    """Name or id of the volume, or id of the task."""
    path: str
    """Within it, without a slash at either end; empty for all of it."""
    is_plain: bool = False
    """It was written without a volume."""

    @classmethod
    def parse(cls, text: str) -> RemotePath:
        """Return the place that a text names.

        Args:
            text: `VOLUME:PATH`, `TASK_ID:PATH`, or `/PATH`, which is in the volume `storage`.

        Raises:
            InvalidPath: The text names none.

        Example:
            >>> RemotePath.parse("datasets:train/")
            RemotePath(space='datasets', path='train', is_plain=False)
            >>> RemotePath.parse("/datasets/imagenet/").path
            'datasets/imagenet'
        """
        if not isinstance(text, str):
            raise InvalidPath(f"a remote path is text, not {type(text).__name__}", hint=_HINT)
        if text.startswith("/"):
            return cls(DEFAULT_VOLUME, _checked(text.strip("/")), is_plain=True)
        space, colon, path = text.partition(":")
        if not colon or not re.fullmatch(VOLUME_NAME, space):
            raise InvalidPath(f"{text[:80]!r} is no remote path", hint=_HINT)
        if path.startswith("//"):
            raise InvalidPath(f"{text[:80]!r} is a URL and no remote path", hint=_HINT)
        return cls(space, _checked(path.strip("/")))

    @property
    def is_task(self) -> bool:
        """Whether it is in the workspace of a task."""
        return re.fullmatch("task_[0-9a-z]{26}", self.space) is not None

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]

    def at(self, path: str) -> RemotePath:
        """Return another place of the same volume or workspace."""
        return self._replace(path=path)

    def below(self, path: str) -> RemotePath:
        """Return a place in this directory.

        Example:
            >>> str(RemotePath.parse("datasets:").below("a/b"))
            'datasets:a/b'
        """
        return self.at(f"{self.path}/{path}" if self.path else path)

    def __str__(self) -> str:
        return f"/{self.path}" if self.is_plain else f"{self.space}:{self.path}"


def _checked(path: str) -> str:
    """Return a path in which every gateway takes every name."""
    shown = repr(path if len(path) <= 80 else f"{path[:77]}...")
    names = path.split("/") if path else []
    if odd := [name for name in names if name in ("", ".", "..")]:
        raise InvalidPath(
            f"the path {shown} has the name {odd[0]!r}",
            hint="write the path from the root, without `.`, `..` and `//`",
        )
    if re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", path):
        raise InvalidPath(
            f"the path {shown} has characters in it that no path should have",
            hint="leave out control characters and line ends",
        )
    if any(len(name.encode()) > 255 for name in names) or len(path.encode()) > 4096:
        raise InvalidPath(
            f"the path {shown} is too long", hint="a name has up to 255 bytes, a path up to 4096"
        )
    return path
