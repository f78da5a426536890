"""Which paths there are, and where they lead."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit_gateway.files.paths import parse, text_of
from flowkit_gateway.files.reading import open_file
from flowkit_gateway.files.tree import Tree
from flowkit_gateway.problems import FileNotFound, InvalidPath, Problem


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", ("a",)),
        ("a/b/c", ("a", "b", "c")),
        ("...", ("...",)),
        ("~/ $HOME*?", ("~", " $HOME*?")),
        ("ü" * 127, ("ü" * 127,)),
        ("/".join(["d" * 255] * 16), ("d" * 255,) * 16),
    ],
)
def test_a_path_is_names_with_slashes_between(text: str, names: tuple[str, ...]) -> None:
    assert parse(text) == names
    assert text_of(names) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "../a"),
        *("a\nb", "a\0b", "a\tb", "\x7f", "\x85", "\ud800"),
        *("x" * 256, "ü" * 128, "/".join(["d" * 255] * 17)),
    ],
)
def test_other_texts_are_no_paths(text: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        parse(text)
    assert "\n" not in caught.value.detail
    assert len(caught.value.detail) < 1000


def test_the_root_has_no_names() -> None:
    assert parse("", root=True) == ()


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """A tree with a file in a directory, beside a file that nobody may reach."""
    root = tmp_path / "root"
    (root / "directory").mkdir(parents=True)
    (root / "directory" / "file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    yield Tree(root)
    assert (tmp_path / "secret").read_text() == "outside"


def read(tree: Tree, path: str) -> str:
    file = open_file(tree, parse(path))
    with os.fdopen(file.descriptor) as opened:
        return opened.read()


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("directory", "link/file"),
        ("./directory//", "link/file"),
        ("directory/file", "link"),
        ("directory/../directory/file", "link"),
        ("../root-is-not-left/../root", None),
        ("..", None),
        ("../secret", None),
        ("directory/../../secret", None),
        ("/etc", None),
        ("/", None),
    ],
)
def test_links_are_followed_as_far_as_they_stay_inside(
    tree: Tree, target: str, path: str | None
) -> None:
    (tree.root / "link").symlink_to(target)
    if path is not None:
        assert read(tree, path) == "inside"
        return
    for outside in ("link", "link/secret", "link/passwd"):
        with pytest.raises(InvalidPath):
            read(tree, outside)


def test_links_to_links_have_an_end(tree: Tree) -> None:
    (tree.root / "0").symlink_to("directory/file")
    for number in range(1, 60):
        (tree.root / str(number)).symlink_to(str(number - 1))
    (tree.root / "round").symlink_to("round")

    assert read(tree, "39") == "inside"
    for path in ("40", "59", "round", "round/file"):
        with pytest.raises(InvalidPath):
            read(tree, path)


def test_a_root_that_became_a_link_is_not_entered(tree: Tree, tmp_path: Path) -> None:
    tree.root.rename(tmp_path / "moved")
    tree.root.symlink_to("moved")
    with pytest.raises(InvalidPath):
        read(tree, "directory/file")


def test_a_directory_that_is_swapped_for_a_link_leads_nowhere(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("outside")
    (tree.root / "elsewhere").symlink_to("../outside")
    (tree.root / "absolute").symlink_to(outside)
    swapped = tree.root / "directory"
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for link in ("elsewhere", "absolute"):
                swapped.rename(tree.root / "aside")
                (tree.root / link).rename(swapped)
                swapped.rename(tree.root / link)
                (tree.root / "aside").rename(swapped)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = []
    try:
        for _ in range(2000):
            try:
                seen.append(read(tree, "directory/file"))
            except (InvalidPath, FileNotFound) as problem:
                seen.append(problem.code)
    finally:
        stop.set()
        swapper.join()

    assert "inside" in seen
    assert set(seen) <= {"inside", "invalid_path", "file_not_found"}


def test_what_the_operating_system_refuses_is_said_in_one_line(tree: Tree) -> None:
    with pytest.raises(Problem) as caught, tree.place(("directory", "file", "below")):
        pass
    assert caught.value.code == "invalid_path"
    assert caught.value.hint
