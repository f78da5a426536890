"""Copies of snapshots: made from packs, or out of a copy of another snapshot."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.snapshot_manifest import DIRECTORY, FILE, SYMLINK, Entry, Manifest
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.problems import SnapshotNotFound
from flowkit_gateway.snapshots.copies import Source
from flowkit_gateway.snapshots.spares import Spares
from flowkit_gateway.store.snapshots import Content
from tests.conditions import eventually

FILE_MODES, DIRECTORY_MODES = (0o644, 0o755, 0o400), (0o755, 0o700, 0o555)
PROJECT = "default"

entries = st.one_of(
    st.tuples(st.just(FILE), st.sampled_from(FILE_MODES), st.sampled_from([b"", b"1", b"two"])),
    st.tuples(st.just(DIRECTORY), st.sampled_from(DIRECTORY_MODES), st.just(b"")),
    st.tuples(st.just(SYMLINK), st.just(0), st.sampled_from([b"a", b"b/c"])),
)
trees = st.dictionaries(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join), entries, max_size=12
)


def source(folder: Path, tree: Mapping[str, tuple[str, int, bytes]]) -> Source:
    """What a tree is copied from, in a pack; what is below no directory is left out of it."""
    described: dict[str, Entry] = {}
    contents: dict[str, Content] = {}
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as pack:
        for path, (kind, mode, content) in sorted(tree.items()):
            above = path.rpartition("/")[0]
            if above and (above not in described or described[above].type != DIRECTORY):
                continue
            if kind == FILE:
                sha256 = hashlib.sha256(content).hexdigest()
                described[path] = Entry(path, FILE, mode, len(content), sha256)
                name = os.path.basename(pack.name)
                contents[sha256] = Content(sha256, name, pack.tell(), len(content))
                pack.write(content)
            elif kind == DIRECTORY:
                described[path] = Entry(path, DIRECTORY, mode)
            elif not above and path != content.decode()[0]:
                described[path] = Entry(path, SYMLINK, target=content.decode())
    links_last = sorted(described.values(), key=lambda entry: entry.type == SYMLINK)
    return Source(Manifest(_without_rounds(links_last)), contents, folder)


def _without_rounds(described: Iterable[Entry]) -> list[Entry]:
    """Leave out links to links, which may lead round."""
    found = list(described)
    links = {entry.path for entry in found if entry.type == SYMLINK}
    return [entry for entry in found if entry.target.partition("/")[0] not in links]


def state(directory: Path) -> dict[str, tuple[int, bytes | str]]:
    """What there is below a directory, with modes."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            content: bytes | str = ""
            if stat.S_ISLNK(mode):
                content = os.readlink(path)
            elif stat.S_ISREG(mode):
                content = path.read_bytes()
            found[str(path.relative_to(directory))] = (mode, content)
    return found


def finish(steps: Iterable[None]) -> None:
    for _ in steps:
        continue


@given(trees, trees)
def test_a_changed_copy_is_as_one_that_was_made_anew(
    before: dict[str, tuple[str, int, bytes]], after: dict[str, tuple[str, int, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        base, new = source(folder, before), source(folder, after)
        finish(base.copy_to(folder / "changed"))
        finish(new.change(folder / "changed", base.manifest))
        finish(new.copy_to(folder / "anew"))
        assert state(folder / "changed") == state(folder / "anew")


def flat(content: bytes, number: int = 300) -> dict[str, tuple[str, int, bytes]]:
    """A tree of so many files, of which the first differs."""
    same = {f"f{each}": (FILE, 0o644, b"%d" % each) for each in range(1, number)}
    return {"f0": (FILE, 0o644, content), **same}


def inodes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in directory.iterdir()}


@pytest.mark.parametrize(("changed", "is_similar"), [(b"new", True), (None, False)])
async def test_a_spare_of_similar_code_is_changed_and_not_made_anew(
    tmp_path: Path, changed: bytes | None, is_similar: bool
) -> None:
    base = source(tmp_path, flat(b"old"))
    other = flat(b"", 900) if changed is None else flat(changed)
    new = source(tmp_path, other)

    async def manifest_of(project: str, snapshot_id: str) -> Manifest:
        if (project, snapshot_id) != (PROJECT, base.manifest.id):
            raise SnapshotNotFound(f"there is no snapshot {snapshot_id}")
        return base.manifest

    disposal = Disposal(tmp_path / "trash")
    spares = Spares(tmp_path / "spares", disposal, manifest_of)
    spares.expect((PROJECT, base.manifest.id), base)
    ready = tmp_path / "spares" / PROJECT / base.manifest.id
    await asyncio.to_thread(eventually, lambda: ready.exists() and len(inodes(ready)) == 300)
    before = inodes(ready)
    spares.expect((PROJECT, new.manifest.id), new)
    await spares.take((PROJECT, new.manifest.id), new, tmp_path / "workspace")
    assert state(tmp_path / "workspace") == {
        path: (stat.S_IFREG | mode, content) for path, (_, mode, content) in other.items()
    }
    # The number of the file that went may be that of the new one.
    del before["f0"]
    kept = before.items() & inodes(tmp_path / "workspace").items()
    assert len(kept) == (299 if is_similar else 0)
    assert ready.exists() != is_similar
    await spares.close()
    await disposal.close()
