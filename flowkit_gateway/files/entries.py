"""What is in a tree, as documents of the contract."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from flowkit_gateway.documents import timestamp
from flowkit_gateway.files.paths import Names, text_of
from flowkit_gateway.files.tree import Place

_TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}


@dataclass(slots=True, frozen=True)
class Entry:
    """A file, a directory or a link, as it was at one moment."""

    names: Names
    status: os.stat_result
    target: str | None = None
    """What a link points to."""

    @property
    def is_directory(self) -> bool:
        """It is a directory, not a link to one."""
        return stat.S_ISDIR(self.status.st_mode)

    def document(self, sha256: str | None = None) -> dict[str, object]:
        """Return the contract's `File`."""
        status = self.status
        document: dict[str, object] = {
            "path": text_of(self.names),
            "type": _TYPES.get(stat.S_IFMT(status.st_mode), "other"),
            "size_bytes": 0 if self.is_directory else status.st_size,
            "mode": stat.S_IMODE(status.st_mode),
            "modified_at": _time(status.st_mtime_ns),
        }
        if stat.S_ISREG(status.st_mode):
            document["etag"] = etag(status)
        if sha256 is not None:
            document["sha256"] = sha256
        if self.target is not None:
            document["target"] = text_of((self.target,))
        return document


def entry_at(place: Place, names: Names) -> Entry:
    """Describe what is at a place.

    Args:
        place: where it is.
        names: the path by which it is known.
    """
    status = place.stat()
    target = None
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(place.name, dir_fd=place.directory)
    return Entry(names, status, target)


def etag(status: os.stat_result) -> str:
    """Return the strong validator of a file's content (RFC 9110, 8.8.3).

    A file that was replaced has another inode, one that was written to another time or size.
    """
    return f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'


def _time(nanoseconds: int) -> str:
    try:
        return timestamp(nanoseconds / 1e9)
    except (OverflowError, ValueError):
        # A file system may hold years that no calendar here has.
        return timestamp(0.0)
