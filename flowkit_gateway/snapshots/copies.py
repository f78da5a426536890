"""Private copies of snapshots: made from packs, or of a copy of another snapshot."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flowkit.snapshot_manifest import DIRECTORY, FILE, Entry, Manifest
from flowkit_gateway.store.snapshots import Content

_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Contents = Mapping[str, Content]


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
        yield from self._create(directory, self.manifest.entries.values())
        self._set_modes(directory, self.manifest.entries)
        return True

    def change(self, directory: Path, base: Manifest) -> Generator[None, None, bool]:
        """Make a copy of another snapshot one of this, in steps; True once it is whole.

        Args:
            directory: the copy, which nobody else has touched.
            base: what that snapshot consists of.

        Raises:
            OSError: the disk is full or broken.
        """
        changed, removed = self.manifest.changes_since(base)
        stays = {entry.path for entry in changed if _is_directory(entry, base)}
        gone = {*removed, *(entry.path for entry in changed if entry.path in base.entries)} - stays
        above = {path for each in changed for path in _above(each.path)}
        above.update(path for each in removed for path in _above(each))
        for path in sorted(above):
            if path in base.entries and base.entries[path].type == DIRECTORY:
                # Some may not be written to.
                os.chmod(f"{directory}/{path}", 0o700)
        # What is in a directory comes behind it in the order of text.
        for path in sorted(gone, reverse=True):
            if base.entries[path].type == DIRECTORY:
                os.rmdir(f"{directory}/{path}")
            else:
                os.unlink(f"{directory}/{path}")
            yield
        yield from self._create(directory, (each for each in changed if each.path not in stays))
        self._set_modes(directory, above.union(each.path for each in changed))
        return True

    def _create(self, directory: Path, entries: Iterable[Entry]) -> Generator[None, None, None]:
        """Create entries, in the order of a manifest: directories before what is in them."""
        with self.reading() as content_of:
            for entry in entries:
                path = f"{directory}/{entry.path}"
                if entry.type == DIRECTORY:
                    os.mkdir(path, 0o700)
                elif entry.type == FILE:
                    _write(path, entry, content_of(entry))
                    yield
                else:
                    os.symlink(entry.target, path)

    def _set_modes(self, directory: Path, paths: Iterable[str]) -> None:
        """Give directories their modes: last of all, as some may then not be written to."""
        for path in sorted(paths, reverse=True):
            entry = self.manifest.entries.get(path)
            if entry is not None and entry.type == DIRECTORY:
                os.chmod(f"{directory}/{path}", entry.mode)

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


def _is_directory(entry: Entry, base: Manifest) -> bool:
    before = base.entries.get(entry.path)
    return before is not None and before.type == entry.type == DIRECTORY


def _above(path: str) -> Iterator[str]:
    """Yield the directories that a path is in."""
    while path := path.rpartition("/")[0]:
        yield path
