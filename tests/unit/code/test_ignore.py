"""Files are left out as git itself leaves them out."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from flowkit.code.ignore import IgnoreRules
from flowkit.code.tree import scan
from flowkit.errors import InvalidPath, InvalidTaskConfig, PayloadTooLarge

NAMES = ["a", "b", "foo", "a.txt", "b.log", "x y", "é", "a[1]", ".hid", "Ab", "foo.txt"]
PATTERNS = [
    "*",
    "**",
    "**/",
    "a",
    "/a",
    "a/",
    "/a/",
    "a/*",
    "a/**",
    "**/a",
    "**/foo/",
    "foo/**/a",
    "*.txt",
    "!*.txt",
    "!a",
    "!a/",
    "!foo",
    "!foo/",
    "[ab]",
    "[!a]",
    "[^a]*",
    "?",
    "a?",
    "\\!a",
    "\\#",
    "#c",
    "x\\_y",
    "*.t*t",
    "a/b",
    "!a/b",
    "/a/b",
    "a/*/b",
    "a**b",
    "**a",
    "a/**/b",
    "/*",
    "!/foo",
    "!/foo/",
    "foo/*",
    "!foo/a",
    "/foo/*",
    "é",
    "?.txt",
    "a[[]1]",
    "[a-c]*",
    "*/a",
    "*/",
    "\\a",
    "a\\",
    "foo.txt/",
    "/**",
    "/**/a",
    "!*/",
    "[",
    "[]",
    "a[",
    "!",
    "/",
    "//",
    "a//b",
    "[[:alpha:]]*",
    "[[:digit:]]",
    "[[:nope:]]",
    "***",
    "a/***/b",
    "**/**/a",
    "[z-a]",
    "[a-]",
    "[]a]",
    "",
    "x y",
    "x y ",
    "  a",
    " ",
    "a\t",
    "a\r",
    "x\\ y",
]


def build(folder: Path, choose: random.Random, depth: int = 0) -> None:
    for name in choose.sample(NAMES, choose.randint(1, 5)):
        path = folder / name
        if depth < 3 and choose.random() < 0.5:
            path.mkdir()
            build(path, choose, depth + 1)
        else:
            path.touch()
    if choose.random() < 0.5:
        lines = choose.sample(PATTERNS, choose.randint(1, 5))
        (folder / ".gitignore").write_text("\n".join(lines) + choose.choice(["", "\n"]))


def git(*arguments: str | Path) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git, which is not here")
@pytest.mark.parametrize("seed", range(60))
def test_what_is_sent_is_what_git_would_add(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    build(tmp_path, random.Random(seed))
    git("init", "-q", "--template=", tmp_path)
    added = git("-C", tmp_path, "ls-files", "-coz", "--exclude-standard").split("\0")
    assert {file.path for file in scan(tmp_path).files} == {path for path in added if path}


def paths(tree: Path) -> list[str]:
    return sorted(file.path for file in scan(tree).files)


def test_flowkitignore_is_read_after_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.bin\nlogs/\n")
    (tmp_path / ".flowkitignore").write_text("!weights.bin\n*.csv\n")
    (tmp_path / "logs").mkdir()
    for name in ("weights.bin", "other.bin", "big.csv", "a.py", "logs/x"):
        (tmp_path / name).touch()
    assert paths(tmp_path) == [".flowkitignore", ".gitignore", "a.py", "weights.bin"]


def test_a_part_of_a_repository_is_under_its_rules(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/part/x\n*.log\n")
    part = tmp_path / "part"
    part.mkdir()
    for name in ("x", "y", "a.log"):
        (part / name).touch()
    assert paths(part) == ["y"]


def test_caches_and_environments_are_left_out(tmp_path: Path) -> None:
    for folder, name in (("venv", "pyvenv.cfg"), ("__pycache__", "a.pyc"), (".git", "HEAD")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    (tmp_path / "a.py").touch()
    assert paths(tmp_path) == ["a.py"]


def test_what_is_no_file_is_left_out_and_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    tree = scan(tmp_path)
    assert (tree.files, tree.skipped) == ([], ["pipe"])


def test_a_name_that_cannot_be_sent_is_named(tmp_path: Path) -> None:
    (tmp_path / "line\nend").touch()
    with pytest.raises(InvalidPath, match="control character"):
        scan(tmp_path)
    (tmp_path / ".flowkitignore").write_text("line*\n")
    assert paths(tmp_path) == [".flowkitignore"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(0)
    with pytest.raises(InvalidTaskConfig, match="closed"):
        scan(tmp_path)


def test_a_tree_that_is_too_large_names_its_largest_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWKIT_CODE_LIMIT", "1mb")
    for number in range(7):
        with open(tmp_path / f"data{number}", "wb") as file:
            file.truncate(200_000 + number)
    with pytest.raises(PayloadTooLarge, match=r"data6 \(0.2 MB\), data5") as raised:
        scan(tmp_path)
    assert "data1 " not in str(raised.value)
    assert ".flowkitignore" in str(raised.value.hint)


def test_rules_reach_below(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ".gitignore").write_text("/x\n")
    rules = IgnoreRules.of_top(tmp_path).of_directory(tmp_path / "d", "d/", [".gitignore"])
    assert rules.leaves_out("d/x", is_directory=False)
    assert not rules.leaves_out("d/e/x", is_directory=False)
