"""What travels of files, also of those that change on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from flowkit.code.known_trees import KnownTree
from flowkit.code.packing import Pack
from flowkit.code.tree import scan
from flowkit.snapshot_manifest import Manifest

SMALL, LARGE = 1000, 3_000_000


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree with a small file, one that is not read as a whole, and an empty one."""
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "home"))
    top = tmp_path / "tree"
    top.mkdir()
    (top / "small").write_bytes(b"s" * SMALL)
    (top / "large").write_bytes(b"l" * LARGE)
    (top / "void").touch()
    return top


def described(tree: Path) -> Manifest:
    return KnownTree(scan(tree)).manifest()


def records(stream: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the hash that is claimed, and the content."""
    data = zstandard.ZstdDecompressor().decompressobj().decompress(stream)
    while data:
        size = int.from_bytes(data[32:40], "big")
        assert len(data) >= 40 + size
        yield data[:32].hex(), data[40 : 40 + size]
        data = data[40 + size :]


def test_every_file_is_a_record_of_its_hash_and_content(tree: Path) -> None:
    pack = Pack(tree, described(tree).files)
    stream = b"".join(pack.parts())
    sent = dict(records(stream))
    assert sorted(map(len, sent.values())) == [0, SMALL, LARGE]
    assert all(hashlib.sha256(content).hexdigest() == sha for sha, content in sent.items())
    assert pack.changed == []
    assert pack.bytes_sent == len(stream) < LARGE // 100


@pytest.mark.parametrize("name", ["small", "large"])
@pytest.mark.parametrize("change", ["shorter", "longer", "other", "gone"])
def test_a_file_that_has_changed_is_told_and_the_stream_stays_whole(
    tree: Path, name: str, change: str
) -> None:
    files = described(tree).files
    content = (tree / name).read_bytes()
    if change == "gone":
        (tree / name).unlink()
    else:
        changed = {"shorter": content[:-1], "longer": content + b"+", "other": b"-" + content[1:]}
        (tree / name).write_bytes(changed[change])
    pack = Pack(tree, files)
    sent = dict(records(b"".join(pack.parts())))
    assert pack.changed == [name]
    others = [sha for sha, content in sent.items() if hashlib.sha256(content).hexdigest() == sha]
    assert len(others) == 2


def test_a_file_that_shrinks_while_it_is_read_does_not_shift_what_follows(tree: Path) -> None:
    # Not compressible, so that parts leave before all of it is read.
    (tree / "large").write_bytes(b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(10**5)))
    pack = Pack(tree, described(tree).files)
    parts = pack.parts()
    begun = next(parts)
    (tree / "large").write_bytes(b"")
    sent = list(records(begun + b"".join(parts)))
    assert pack.changed == ["large"]
    assert sorted(len(content) for _, content in sent) == [0, SMALL, 3_200_000]
