"""What a tree may consist of, and that its id follows from exactly that."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.errors import InvalidPath, InvalidRequest
from flowkit.snapshot_manifest import DIRECTORY, FILE, SYMLINK, Entry, Manifest, resolve

SHA = hashlib.sha256(b"").hexdigest()
NAMES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", ".."))


def file(path: str, size: int = 0, sha256: str = SHA, mode: int = 0o644) -> Entry:
    return Entry(path, FILE, mode, size, sha256)


@st.composite
def trees(draw: st.DrawFn) -> list[Entry]:
    entries: dict[str, Entry] = {}
    folders = [""]
    for name in draw(st.lists(NAMES, max_size=8)):
        path = draw(st.sampled_from(folders)) + name
        if path in entries:
            continue
        kind = draw(st.sampled_from([FILE, DIRECTORY, SYMLINK]))
        if kind == DIRECTORY:
            folders.append(f"{path}/")
            entries[path] = Entry(path, kind, draw(st.integers(0, 0o777)))
        elif kind == FILE:
            content = draw(st.binary(max_size=3))
            sha256 = hashlib.sha256(content).hexdigest()
            entries[path] = file(path, len(content), sha256, draw(st.integers(0, 0o777)))
        else:
            entries[path] = Entry(path, kind, target=draw(NAMES))
    return list(entries.values())


def valid(entries: list[Entry]) -> Manifest | None:
    """A manifest, or None for links that lead in a circle."""
    try:
        return Manifest(entries)
    except InvalidPath:
        return None


@given(trees(), st.randoms())
def test_the_id_is_of_the_tree_in_whatever_order_it_is_told(
    entries: list[Entry], random: object
) -> None:
    manifest = valid(entries)
    random.shuffle(entries)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    again = valid(entries)
    assert (manifest and manifest.id) == (again and again.id)
    if manifest is not None:
        read = Manifest.read(manifest.text)
        assert (read.id, read.entries) == (manifest.id, manifest.entries)


@given(trees(), trees())
def test_differences_make_one_tree_of_another(one: list[Entry], other: list[Entry]) -> None:
    base, wanted = valid(one), valid(other)
    if base is None or wanted is None:
        return
    entries, removed = wanted.changes_since(base)
    assert base.changed(entries, removed).id == wanted.id
    assert (base.id == wanted.id) == (not entries and not removed)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        "./a",
        "line\nend",
        "nul\0",
        "x" * 256,
        "é" * 128,
        "/".join(["d"] * 3000),
        "\udcff",
    ],
)
def test_a_path_that_no_tree_has_is_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        Manifest([file(path)])


@pytest.mark.parametrize(
    "entries",
    [
        [file("a"), file("a")],
        [file("a"), file("a/b")],
        [file("d/a")],
        [Entry("a", SYMLINK, target="b"), file("a/b")],
        [Entry("a", SYMLINK, target="/etc/passwd")],
        [Entry("a", SYMLINK, target="../a")],
        [Entry("a", SYMLINK, target="a")],
        [Entry("a", SYMLINK, target="")],
        [Entry("a", SYMLINK, target="b\n")],
        # Each link looks as if it stayed within, until the other one is followed.
        [
            Entry("d", DIRECTORY, 0o755),
            Entry("d/e", DIRECTORY, 0o755),
            Entry("d/e/up", SYMLINK, target="../.."),
            Entry("d/e/out", SYMLINK, target="up/../x"),
        ],
    ],
)
def test_a_tree_that_is_none_is_refused(entries: list[Entry]) -> None:
    with pytest.raises(InvalidPath):
        Manifest(entries)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", "device"),
        Entry("a", FILE, 0o644),
        Entry("a", FILE, 0o644, 1, "A" * 64),
        Entry("a", FILE, 0o1000, 0, SHA),
        Entry("a", FILE, 0o644, -1, SHA),
        Entry("a", FILE, 0o644, 0, SHA, target="b"),
        Entry("a", DIRECTORY, 0o755, 1),
        Entry("a", SYMLINK, 0o777, target="b"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(entry: Entry) -> None:
    with pytest.raises(InvalidRequest):
        Manifest([entry])


def test_one_content_has_one_size() -> None:
    with pytest.raises(InvalidRequest):
        Manifest([file("a", 0), file("b", 1)])


@pytest.mark.parametrize("text", [b"", b"flowkit snapshot 2\n", b"flowkit snapshot 1\nfile x\0"])
def test_text_that_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidRequest):
        Manifest.read(text)


def test_directories_are_found_through_links() -> None:
    tree = Manifest([Entry("a", DIRECTORY, 0o755), Entry("l", SYMLINK, target="a"), file("f")])
    found = [path for path in ("a", "l", ".", "a/..", "f", "x", "..") if tree.is_directory(path)]
    assert found == ["a", "l", ".", "a/.."]
    assert resolve("l/x", {"l": "a"}) == "a/x"
