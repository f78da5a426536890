"""Private copies of snapshots for tasks: made from packs, some of them before they are needed."""

from __future__ import annotations

import asyncio
import logging
import mmap
import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flowkit.snapshot_manifest import DIRECTORY, FILE, Entry, Manifest
from flowkit_gateway.disk import is_low
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.store.snapshots import Content

log = logging.getLogger(__name__)

_WORTH_A_SPARE = 200
"""Files from which on a copy takes so long that one is kept ready."""
_MOST_SPARES = 8
_MOST_SPARE_BYTES = 4 * 1024**3
_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Contents = Mapping[str, Content]
Key = tuple[str, str]
"""Project and snapshot."""


class Source:
    """What a copy is made from.

    Args:
        manifest: what the tree consists of.
        contents: where the contents of its files are.
        packs: the directory of their packs.
    """

    def __init__(self, manifest: Manifest, contents: Contents, packs: Path) -> None:
        self.manifest = manifest
        self.contents = contents
        self.packs = packs

    def copy_to(self, directory: Path) -> Generator[None, None, bool]:
        """Make a copy at a path where nothing is yet, in steps; True once it is whole.

        Raises:
            OSError: the disk is full or broken.
        """
        os.makedirs(directory, 0o700)
        directories = []
        with self.reading() as content_of:
            for entry in self.manifest.entries.values():
                path = f"{directory}/{entry.path}"
                if entry.type == DIRECTORY:
                    os.mkdir(path, 0o700)
                    directories.append((path, entry.mode))
                elif entry.type == FILE:
                    _write(path, entry, content_of(entry))
                    yield
                else:
                    os.symlink(entry.target, path)
        # From the innermost outwards, and last of all: some may not be written to.
        for path, mode in reversed(directories):
            os.chmod(path, mode)
        return True

    @contextmanager
    def reading(self) -> Iterator[Callable[[Entry], memoryview]]:
        """Open the packs; what is returned gives the content of a file of the tree."""
        with ExitStack() as opened:
            packs: dict[str, mmap.mmap] = {}

            def content_of(entry: Entry) -> memoryview:
                if not entry.size_bytes:
                    return memoryview(b"")
                content = self.contents[entry.sha256]
                mapped = packs.get(content.pack)
                if mapped is None:
                    with open(self.packs / content.pack, "rb") as file:
                        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                    packs[content.pack] = opened.enter_context(mapped)
                return memoryview(mapped)[content.position : content.position + entry.size_bytes]

            yield content_of


def _write(path: str, entry: Entry, content: memoryview) -> None:
    descriptor = os.open(path, _FILE_FLAGS, 0o600)
    try:
        write_content(descriptor, content)
        os.fchmod(descriptor, entry.mode)
    finally:
        os.close(descriptor)


def write_content(descriptor: int, content: memoryview) -> None:
    """Write a content, and let go of the pack that it is in."""
    with content:
        written = 0
        while written < len(content):
            written += os.write(descriptor, content[written:])


class Spares:
    """Copies of the snapshots that were used last, ready to be moved to where a task starts.

    Creating ten thousand files takes a good part of a second; moving a directory takes none. Each
    copy goes to one task, and the next one is made while that runs.

    Args:
        directory: for this alone, on the disk where tasks run.
        disposal: removes copies that are not needed.
    """

    def __init__(self, directory: Path, disposal: Disposal) -> None:
        self._directory = directory
        self._disposal = disposal
        self._sizes: OrderedDict[Key, int] = OrderedDict()
        self._making: dict[Key, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Semaphore()

    def open(self) -> None:
        """Remove what an earlier gateway had ready: nobody knows whether it is whole."""
        self._disposal.throw_away(self._directory)

    async def close(self) -> None:
        """Make no more copies."""
        making = list(self._making.values())
        for each in making:
            each.cancel()
        if making:
            await asyncio.wait(making)

    async def take(self, key: Key, source: Source, into: Path) -> None:
        """Make a task's private copy, from one that is ready if there is one.

        Args:
            key: the snapshot.
            source: what it consists of.
            into: where the copy is to be; nothing is there yet.

        Raises:
            OSError: the disk is full or broken.
        """
        making = self._making.get(key)
        if making is not None:
            # What is under way is there sooner than what would be begun now.
            await asyncio.wait([making])
        if self._sizes.pop(key, None) is not None:
            os.rename(self._path(key), into)
        else:
            await in_steps(source.copy_to(into))
        self.prepare(key, source)

    def prepare(self, key: Key, source: Source) -> None:
        """Make a copy ready in the background, if it is worth it."""
        if key in self._sizes or key in self._making:
            return
        size = source.manifest.size_bytes
        if len(source.manifest.entries) < _WORTH_A_SPARE or size > _MOST_SPARE_BYTES:
            return
        self._making[key] = asyncio.get_running_loop().create_task(self._make(key, source))

    def drop(self, key: Key) -> None:
        """Remove the copy of a snapshot that goes."""
        if (making := self._making.get(key)) is not None:
            making.cancel()
        if self._sizes.pop(key, None) is not None:
            self._disposal.throw_away(self._path(key))

    async def _make(self, key: Key, source: Source) -> None:
        try:
            async with self._one_at_a_time:
                if is_low(self._directory.parent):
                    return
                await in_steps(source.copy_to(self._path(key)))
            self._sizes[key] = source.manifest.size_bytes
            self._make_room()
        except OSError as error:
            # The task that needs it makes its own, and says what is wrong.
            log.warning("no copy of %s is kept ready: %s", key[1], error)
        finally:
            del self._making[key]
            if key not in self._sizes:
                self._disposal.throw_away(self._path(key))

    def _make_room(self) -> None:
        while len(self._sizes) > _MOST_SPARES or sum(self._sizes.values()) > _MOST_SPARE_BYTES:
            oldest, _ = self._sizes.popitem(last=False)
            self._disposal.throw_away(self._path(oldest))

    def _path(self, key: Key) -> Path:
        return self._directory / key[0] / key[1]
