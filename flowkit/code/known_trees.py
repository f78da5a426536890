"""What is remembered of a source tree between calls, so that an unchanged file is not read again.

A file's content is taken for the one that was read before while size, times and inode are the same.
A file that had just been written when it was read is not remembered: it could change once more
without a change of its times (git calls such files racily clean).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from flowkit.code.tree import FoundFile, Tree, unreadable
from flowkit.config import code_cache_dir
from flowkit.private_files import make_directory
from flowkit.snapshot_manifest import DIRECTORY, FILE, SYMLINK, Entry, Manifest

_FORMAT = 1
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_RACY_NS = 2_000_000_000
"""Longest step of a file system's clock (FAT's), within which two changes have one time."""
_READ_BYTES = 256 * 1024
_KEPT_BYTES = 128 * 1024 * 1024
"""Most bytes of contents that wait in memory to be sent, so that their files are read once."""


class _Memory(NamedTuple):
    """What one file of the cache holds."""

    format: int
    files: dict[str, tuple[FoundFile, str]]
    """Status and SHA-256, by path."""
    manifest: bytes
    """Canonical text of the newest snapshot of the tree that a gateway has."""


class KnownTree:
    """One tree with what was read of it before.

    Args:
        tree: As it is now.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._top = os.fspath(tree.top)
        self._memory = _load(tree.top)
        self._hashes: dict[str, tuple[FoundFile, str]] = {}
        self.contents: dict[str, bytes] = {}
        """What `manifest` has read of small files, as far as it fits, by SHA-256."""
        self._kept_bytes = 0

    def manifest(self) -> Manifest:
        """Return what the tree consists of; files that are not known are read.

        Raises:
            InvalidPath: a symbolic link leaves the tree.
            InvalidTaskConfig: a file cannot be read.
        """
        entries = [Entry(path, DIRECTORY, mode) for path, mode in self.tree.directories.items()]
        entries += [Entry(path, SYMLINK, target=to) for path, to in self.tree.links.items()]
        for file in self.tree.files:
            content = self._content(file)
            if content is not None:
                entries.append(Entry(file.path, FILE, file.mode, *content))
        return Manifest(entries)

    def base(self) -> Manifest | None:
        """Return the newest snapshot of this tree that a gateway has taken, if any is known."""
        if not self._memory.manifest:
            return None
        with contextlib.suppress(ValueError):  # the cache is damaged: all is sent
            return Manifest.read(self._memory.manifest)
        return None

    def remember(self, manifest: Manifest) -> None:
        """Keep what was read, and which snapshot a gateway has now."""
        if self._hashes == self._memory.files and manifest.text == self._memory.manifest:
            return
        _store(self.tree.top, _Memory(_FORMAT, self._hashes, manifest.text))

    def _content(self, file: FoundFile) -> tuple[int, str] | None:
        """Return size and SHA-256 of a file, None when it has been removed."""
        known = self._memory.files.get(file.path)
        if known is not None and known[0] == file:
            self._hashes[file.path] = known
            return file.size_bytes, known[1]
        begun = time.time_ns()
        content = self._read(file)
        is_settled = max(file.mtime_ns, file.ctime_ns) < begun - _RACY_NS
        if content is not None and is_settled and content[0] == file.size_bytes:
            self._hashes[file.path] = (file, content[1])
        return content

    def _read(self, file: FoundFile) -> tuple[int, str] | None:
        try:
            descriptor = os.open(f"{self._top}/{file.path}", _FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(file.path, error) from error
        try:
            first = os.read(descriptor, min(file.size_bytes + 1, _READ_BYTES))
            if len(first) == file.size_bytes < _READ_BYTES:
                return len(first), self._kept(first)
            size, digest = len(first), hashlib.sha256(first)
            while part := os.read(descriptor, _READ_BYTES):
                size += len(part)
                digest.update(part)
            return size, digest.hexdigest()
        except OSError as error:
            raise unreadable(file.path, error) from error
        finally:
            os.close(descriptor)

    def _kept(self, content: bytes) -> str:
        """Return the SHA-256 of a content that may be sent soon."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self._kept_bytes + len(content) <= _KEPT_BYTES and sha256 not in self.contents:
            self.contents[sha256] = content
            self._kept_bytes += len(content)
        return sha256


def _cache_file(top: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(top))).hexdigest()[:32]
    return code_cache_dir() / name


def _load(top: Path) -> _Memory:
    import msgspec

    empty = _Memory(_FORMAT, {}, b"")
    try:
        text = _cache_file(top).read_bytes()
        memory = msgspec.msgpack.decode(text, type=_Memory)
    except (OSError, msgspec.MsgspecError):
        return empty  # a cache that cannot be read is one that is not there
    return memory if memory.format == _FORMAT else empty


def _store(top: Path, memory: _Memory) -> None:
    import msgspec

    file = _cache_file(top)
    # Without the cache all works, only slower: a full disk must not keep a task from running.
    with contextlib.suppress(OSError):
        make_directory(file.parent)
        descriptor, partial = tempfile.mkstemp(dir=file.parent)
        try:
            with open(descriptor, "wb") as writer:
                writer.write(msgspec.msgpack.encode(memory))
            os.replace(partial, file)
        except OSError:
            os.unlink(partial)
            raise
