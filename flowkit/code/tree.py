"""A source tree as it is on the disk: what of it belongs to a snapshot."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from flowkit.code.ignore import IgnoreRules
from flowkit.errors import InvalidMount, InvalidTaskConfig, PayloadTooLarge
from flowkit.sizes import parse_memory_gb
from flowkit.snapshot_manifest import check_path

SIZE_LIMIT = "FLOWKIT_CODE_LIMIT"
_DEFAULT_LIMIT = 1024**3
MOST_FILES = 200_000
_LARGEST_NAMED = 5
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
_CODE_HINT = (
    "list in .flowkitignore what the task does not need, keep data in a volume, or raise"
    f" {SIZE_LIMIT}"
)
_DATA_HINT = f"copy it into a volume with `flowkit cp` and mount that, or raise {SIZE_LIMIT}"


class FoundFile(NamedTuple):
    """A file of the tree; what of its status tells one content from another."""

    path: str
    """Relative to the tree."""
    mode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Tree(NamedTuple):
    """What belongs to a snapshot of a directory, by path relative to it."""

    top: Path
    files: list[FoundFile]
    directories: dict[str, int]
    """Permission bits, by path."""
    links: dict[str, str]
    """Targets of symbolic links, by path."""
    skipped: list[str]
    """Sockets, devices and pipes."""


def scan(top: Path) -> Tree:
    """Return what belongs to a snapshot of the code in a directory; no file is read.

    Raises:
        InvalidTaskConfig: it is no directory, or something in it cannot be read.
        InvalidPath: something in it has a name that cannot be sent.
        PayloadTooLarge: it is larger than `FLOWKIT_CODE_LIMIT`, or has too many files; the message
            names the largest.
    """
    if not top.is_dir():
        problem = "is not a directory" if top.exists() else "does not exist"
        raise InvalidTaskConfig(f"{top} {problem}", hint="name the directory of the code")
    return _walked(top, IgnoreRules.of_top(top), _CODE_HINT)


def scan_data(path: Path) -> Tree:
    """Return all that is in a directory, or a tree of one file; nothing is left out.

    Raises:
        InvalidMount: it is neither a directory nor a file.
        InvalidTaskConfig: something in it cannot be read.
        InvalidPath: something in it has a name that cannot be sent.
        PayloadTooLarge: it is larger than `FLOWKIT_CODE_LIMIT`, or has too many files.
    """
    if path.is_dir():
        return _walked(path, None, _DATA_HINT)
    if not path.is_file():
        raise InvalidMount(
            f"the mount source {path} is neither a directory nor a file",
            hint="mount what has data in it",
        )
    real = Path(os.path.realpath(path))
    tree = Tree(real.parent, [], {}, {}, [])
    (entry,) = (entry for entry in _listed(real.parent) if entry.name == real.name)
    _take(tree, real.name, entry)
    return _within_limit(tree, _DATA_HINT)


def _walked(top: Path, rules: IgnoreRules | None, hint: str) -> Tree:
    """Return what is below a directory, without what rules leave out."""
    tree = Tree(top, [], {}, {}, [])
    pending = [("", rules)]
    while pending:
        prefix, rules = pending.pop()
        folder = top / prefix if prefix else top
        found = _listed(folder)
        if prefix and rules is not None:
            rules = rules.of_directory(folder, prefix, [entry.name for entry in found])
        for entry in found:
            path = prefix + entry.name
            is_directory = entry.is_dir(follow_symlinks=False)
            if rules is not None and _is_left_out(rules, path, entry, is_directory):
                continue
            _take(tree, path, entry)
            if is_directory:
                pending.append((f"{path}/", rules))
        if len(tree.files) > MOST_FILES:
            raise _too_many(tree, hint)
    return _within_limit(tree, hint)


def _within_limit(tree: Tree, hint: str) -> Tree:
    limit = size_limit()
    size = sum(file.size_bytes for file in tree.files)
    if size > limit:
        raise _too_large(tree, size, limit, hint)
    return tree


def size_limit() -> int:
    """Return how many bytes a tree may have, by `FLOWKIT_CODE_LIMIT`.

    Raises:
        InvalidTaskConfig: the variable cannot be read.

    Example:
        >>> size_limit() == 1024**3
        True
    """
    text = os.environ.get(SIZE_LIMIT)
    return int(parse_memory_gb(text) * 1024**3) if text else _DEFAULT_LIMIT


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise InvalidTaskConfig(
            f"cannot read the directory {folder}: {error.strerror}",
            hint="make it readable, or list it in .flowkitignore",
        ) from error


def _is_left_out(
    rules: IgnoreRules, path: str, entry: os.DirEntry[str], is_directory: bool
) -> bool:
    if entry.name == ".git":
        return True
    if is_directory and os.path.lexists(f"{entry.path}/{_VIRTUAL_ENVIRONMENT}"):
        return True
    return rules.leaves_out(path, is_directory=is_directory)


def _take(tree: Tree, path: str, entry: os.DirEntry[str]) -> None:
    check_path(path)
    try:
        status = entry.stat(follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            tree.files.append(
                FoundFile(
                    path,
                    status.st_mode & 0o777,
                    status.st_size,
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                    status.st_ino,
                )
            )
        elif kind == stat.S_IFDIR:
            tree.directories[path] = status.st_mode & 0o777
        elif kind == stat.S_IFLNK:
            tree.links[path] = os.readlink(entry.path)
        else:
            tree.skipped.append(path)
    except FileNotFoundError:
        return  # removed meanwhile, as editors do with their temporary files
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: OSError) -> InvalidTaskConfig:
    """Return the error about a file that cannot be read."""
    return InvalidTaskConfig(
        f"cannot read {path}: {error.strerror}",
        hint="make it readable, or list it in .flowkitignore",
    )


def _too_many(tree: Tree, hint: str) -> PayloadTooLarge:
    folders: dict[str, int] = {}
    for file in tree.files:
        folder = file.path.partition("/")[0]
        folders[folder] = folders.get(folder, 0) + 1
    most = sorted(folders, key=lambda folder: -folders[folder])[:_LARGEST_NAMED]
    return PayloadTooLarge(
        f"{tree.top} has more than {MOST_FILES} files, most of them in {', '.join(most)}",
        hint=hint,
    )


def _too_large(tree: Tree, size: int, limit: int, hint: str) -> PayloadTooLarge:
    largest = sorted(tree.files, key=lambda file: -file.size_bytes)[:_LARGEST_NAMED]
    named = ", ".join(f"{file.path} ({file.size_bytes / 1024**2:.1f} MB)" for file in largest)
    return PayloadTooLarge(
        f"{tree.top} has {size / 1024**2:.0f} MB, more than {limit / 1024**2:.0f} MB; the largest"
        f" files: {named}",
        hint=hint,
    )
