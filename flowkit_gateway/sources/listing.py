"""What a source has, and under which names it can be a tree of files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from flowkit_gateway.sources.drivers import SourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_VERSIONS = ("ETag", "etag", "md5Hash", "generation", "Last-Modified", "LastModified", "mtime")
"""What drivers call that which changes with the content of an object."""
_MOST_OBJECTS = 1_000_000
_LONGEST_NAME = 255
_LONGEST_PATH = 3000


class Object(NamedTuple):
    """One object of a source."""

    remote: str
    """Its name as the driver takes it."""
    path: str
    """Where it goes in the tree; empty for a source that is a single object."""
    size: int | None
    version: str
    """Changes with its content; empty where the server says nothing of the kind."""


class Listing(NamedTuple):
    """All objects of a source at one time."""

    objects: tuple[Object, ...]

    @property
    def is_file(self) -> bool:
        """The source is a single object."""
        return len(self.objects) == 1 and not self.objects[0].path

    @property
    def size(self) -> int:
        """Bytes of all objects, as far as they are known."""
        return sum(each.size or 0 for each in self.objects)

    @property
    def is_known(self) -> bool:
        """Two listings are equal only if the content is."""
        return all(each.version for each in self.objects)

    @property
    def fingerprint(self) -> str:
        """Names this content."""
        described = [[each.path, each.size, each.version] for each in self.objects]
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def look(filesystem: AbstractFileSystem, url: str) -> None:
    """See whether a source is there, without looking at all of it."""
    filesystem.info(filesystem._strip_protocol(url))


def listed(filesystem: AbstractFileSystem, url: str) -> Listing:
    """List a source.

    Raises:
        SourceError: it cannot be a tree of files.
        FileNotFoundError: there is nothing.
    """
    root = filesystem._strip_protocol(url)
    info = filesystem.info(root)
    if url.startswith("http") or (info["type"] == "file" and not url.endswith("/")):
        return Listing((_object(root, "", info),))
    found = filesystem.find(root, detail=True)
    if len(found) > _MOST_OBJECTS:
        raise SourceError(f"it has more than {_MOST_OBJECTS} objects")
    prefix = f"{root.rstrip('/')}/"
    objects = [
        _object(name, name.removeprefix(prefix), info)
        for name, info in sorted(found.items())
        # Consoles mark an empty directory by an object of no size.
        if not (name.endswith("/") and not info.get("size"))
    ]
    if not objects:
        raise FileNotFoundError(url)
    _refuse_clashes(objects)
    return Listing(tuple(objects))


def _object(remote: str, path: str, info: dict[str, object]) -> Object:
    parts = path.split("/")
    if path and (
        any(part in ("", ".", "..") for part in parts)
        or any(len(part.encode(errors="replace")) > _LONGEST_NAME for part in parts)
        or len(path.encode(errors="replace")) > _LONGEST_PATH
        or "\0" in path
    ):
        raise SourceError(f"it has an object whose name no file can have: {path[:100]!r}")
    size = info.get("size")
    version = [f"{name}={info[name]}" for name in _VERSIONS if info.get(name)]
    return Object(remote, path, size if isinstance(size, int) else None, " ".join(version))


def _refuse_clashes(objects: list[Object]) -> None:
    """Refuse a file that would have to be a directory too."""
    files = {each.path for each in objects}
    for path in files:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in files:
                raise SourceError(f"it has {parent[:100]!r} both as an object and as a directory")
            parent = parent.rpartition("/")[0]
