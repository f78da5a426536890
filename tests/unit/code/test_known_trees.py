"""An unchanged file is not read again, and a changed one always is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import zstandard

from flowkit.code.known_trees import KnownTree
from flowkit.code.packing import Pack
from flowkit.code.tree import scan
from flowkit.config import code_cache_dir
from flowkit.errors import InvalidPath, InvalidTaskConfig
from flowkit.snapshot_manifest import Manifest

LONG_AGO = 1_000_000_000


@pytest.fixture
def tree(tmp_path: Path, bare_home: Path) -> Path:
    top = tmp_path / "tree"
    top.mkdir()
    for number in range(3):
        path = top / f"f{number}"
        path.write_text(f"content {number}")
        os.utime(path, (LONG_AGO, LONG_AGO))
    return top


def manifest(top: Path) -> Manifest:
    known = KnownTree(scan(top))
    found = known.manifest()
    known.remember(found)
    return found


def test_a_change_of_content_changes_the_id(tree: Path) -> None:
    before = manifest(tree)
    assert manifest(tree).id == before.id
    status = (tree / "f1").stat()
    (tree / "f1").write_text("CONTENT 1")
    # Even where its size and time of change are as before.
    os.utime(tree / "f1", ns=(status.st_atime_ns, status.st_mtime_ns))
    after = manifest(tree)
    assert after.id != before.id
    assert [entry.path for entry in after.changes_since(before)[0]] == ["f1"]


def test_the_newest_snapshot_is_what_the_next_one_is_based_on(tree: Path) -> None:
    assert KnownTree(scan(tree)).base() is None
    found = manifest(tree)
    base = KnownTree(scan(tree)).base()
    assert base is not None
    assert base.id == found.id


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1" * 100])
def test_a_damaged_cache_is_survived(tree: Path, damage: bytes) -> None:
    before = manifest(tree)
    (cache,) = code_cache_dir().iterdir()
    cache.write_bytes(damage)
    assert manifest(tree).id == before.id


def test_a_cache_that_cannot_be_written_is_done_without(
    tree: Path, bare_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_home / "code").write_text("no directory")
    assert manifest(tree).id == manifest(tree).id


def test_a_link_out_of_the_tree_is_refused(tree: Path) -> None:
    (tree / "in").symlink_to("f1")
    manifest(tree)
    (tree / "out").symlink_to("../secret")
    with pytest.raises(InvalidPath, match="out"):
        manifest(tree)


def test_what_changes_while_it_is_packed_is_said_and_not_sent(tree: Path) -> None:
    found = manifest(tree)
    (tree / "f0").write_text("changed!!")
    (tree / "f1").unlink()
    pack = Pack(tree, found.files)
    sent = b"".join(pack.parts())
    assert pack.changed == ["f0", "f1"]
    assert pack.bytes_sent == len(sent)
    records = zstandard.ZstdDecompressor().decompressobj().decompress(sent)
    assert records[32:40] == (9).to_bytes(8, "big")
    assert records[40:] == b"content 2"


def test_what_was_just_read_is_sent_as_it_was_then(tree: Path) -> None:
    known = KnownTree(scan(tree))
    found = known.manifest()
    for file in tree.iterdir():
        file.unlink()
    pack = Pack(tree, found.files, known.contents)
    records = zstandard.ZstdDecompressor().decompressobj().decompress(b"".join(pack.parts()))
    assert pack.changed == []
    assert [records[40 + 49 * number :][:9] for number in range(3)] == [
        b"content 0",
        b"content 1",
        b"content 2",
    ]


def test_large_files_do_not_wait_in_memory(tree: Path) -> None:
    (tree / "large").write_bytes(b"x" * 3_000_000)
    known = KnownTree(scan(tree))
    known.manifest()
    assert sorted(known.contents.values()) == [b"content 0", b"content 1", b"content 2"]


def test_a_large_file_keeps_its_length_though_it_shrinks(tree: Path) -> None:
    large = tree / "large"
    large.write_bytes(b"x" * 3_000_000)
    found = manifest(tree)
    pack = Pack(tree, [entry for entry in found.files if entry.path == "large"])
    parts = pack._records()
    next(parts)
    large.write_bytes(b"y" * 10)
    sizes = [len(part) for part in parts]
    assert pack.changed == ["large"]
    assert sum(sizes) == 3_000_000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_named(tree: Path) -> None:
    (tree / "f2").chmod(0)
    with pytest.raises(InvalidTaskConfig, match="f2"):
        manifest(tree)
