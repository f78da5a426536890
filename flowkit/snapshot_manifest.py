"""What a source tree consists of, its one canonical text, and the id that follows from it.

The canonical text, of which the id is made, has these parts, all text being UTF-8:

- the line `flowkit snapshot 1`, ended by a line feed;
- for each entry, in the order of the bytes of their paths:
  `file MODE SIZE SHA256 PATH NUL`, `directory MODE PATH NUL` or `symlink PATH NUL TARGET NUL`.

MODE is three octal digits of permissions, SIZE a number of bytes, SHA256 64 lower-case hexadecimal
digits. The id is `snap_` and the first 26 characters of the SHA-256 of that text, written in
base 32 (RFC 4648 section 6) in lower case: 130 bits.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flowkit.errors import InvalidPath, InvalidRequest

FILE, DIRECTORY, SYMLINK = "file", "directory", "symlink"

LONGEST_NAME = 255
LONGEST_PATH = 4096
MOST_LINKS = 40
"""Symbolic links that one path may lead through, as Linux allows (path_resolution(7))."""

_HEAD = b"flowkit snapshot 1\n"
_ID_LENGTH = 26
# No empty, `.` or `..` component, and no control character.
_NAME = r"(?!\.{1,2}(?:/|$))[^/\x00-\x1f\x7f]+"
_PATH = re.compile(rf"{_NAME}(?:/{_NAME})*\Z")
_SHA256 = re.compile("[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Entry(NamedTuple):
    """A file, a directory or a symbolic link of a tree."""

    path: str
    """Relative to the tree, with `/` between names."""
    type: str
    """`file`, `directory` or `symlink`."""
    mode: int = 0
    """Permission bits, of files and directories."""
    size_bytes: int = 0
    sha256: str = ""
    """SHA-256 of a file's content, in hexadecimal."""
    target: str = ""
    """Where a symbolic link points."""


class Manifest:
    """A whole tree: valid, in order, and with the id that follows from it.

    Args:
        entries: The entries in any order.

    Raises:
        InvalidPath: A path leaves the tree, is there twice, is below what is no directory, or
            cannot be the path of a file.
        InvalidRequest: An entry lacks something, or two give one content different sizes.

    Example:
        >>> empty = Manifest([])
        >>> empty.id
        'snap_twh3vx22xjnkd4twqebn6hpxsf'
        >>> Manifest([Entry("src", "directory", 0o755)]).id == empty.id
        False
    """

    __slots__ = ("_text", "contents", "entries", "id")

    def __init__(self, entries: Iterable[Entry]) -> None:
        ordered = sorted(entries, key=_order)
        self.entries = {entry.path: entry for entry in ordered}
        self.contents: dict[str, int] = {}
        """The size of each content, by SHA-256."""
        if len(self.entries) != len(ordered):
            _refuse_repeated(ordered)
        self._check()
        self._text = _canonical(self.entries.values())
        digest = base64.b32encode(hashlib.sha256(self._text).digest()).decode().lower()
        self.id = f"snap_{digest[:_ID_LENGTH]}"

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Return the manifest that a canonical text is of.

        Raises:
            InvalidRequest: it is none.
        """
        try:
            manifest = cls(_entries(text))
        except ValueError as error:
            raise InvalidRequest("this is no manifest of a snapshot") from error
        if manifest.text != text:
            raise InvalidRequest("this is no manifest of a snapshot")
        return manifest

    @property
    def text(self) -> bytes:
        """The canonical text."""
        return self._text

    @property
    def files(self) -> list[Entry]:
        """The entries that are files."""
        return [entry for entry in self.entries.values() if entry.type == FILE]

    @property
    def size_bytes(self) -> int:
        """Bytes of all files, of equal ones too."""
        return sum(entry.size_bytes for entry in self.files)

    def changes_since(self, base: Manifest) -> tuple[list[Entry], list[str]]:
        """Return the entries that are new or differ, and the paths that are gone."""
        changed = [entry for path, entry in self.entries.items() if base.entries.get(path) != entry]
        return changed, [path for path in base.entries if path not in self.entries]

    def changed(self, entries: Iterable[Entry], removed: Iterable[str]) -> Manifest:
        """Return the manifest of this tree with other entries, and without some.

        Raises:
            InvalidPath: As for a new manifest.
            InvalidRequest: Likewise.
        """
        gone = set(removed)
        kept = {path: entry for path, entry in self.entries.items() if path not in gone}
        given = list(entries)
        _refuse_repeated(given)
        return Manifest((kept | {entry.path: entry for entry in given}).values())

    def is_directory(self, path: str) -> bool:
        """Say whether a path, which may lead through links, is a directory of the tree."""
        resolved = resolve(path, self._links())
        if resolved is None:
            return False
        return not resolved or (
            resolved in self.entries and self.entries[resolved].type == DIRECTORY
        )

    def _links(self) -> dict[str, str]:
        return {path: entry.target for path, entry in self.entries.items() if entry.type == SYMLINK}

    def _check(self) -> None:
        for path, entry in self.entries.items():
            check_path(path)
            parent = path.rpartition("/")[0]
            if parent and (parent not in self.entries or self.entries[parent].type != DIRECTORY):
                raise InvalidPath(
                    f"{path!r} is not in a directory of the tree",
                    hint=f"list {parent!r} as a directory",
                )
            _check_entry(entry)
            if entry.type == FILE:
                size = self.contents.setdefault(entry.sha256, entry.size_bytes)
                if size != entry.size_bytes:
                    raise InvalidRequest(
                        f"{path!r} gives the content {entry.sha256} another size than before"
                    )
        self._check_links()

    def _check_links(self) -> None:
        links = self._links()
        for path, target in links.items():
            if target.startswith("/") or resolve(path, links) is None:
                raise InvalidPath(
                    f"the symbolic link {path!r} to {target!r} leaves its tree or leads round",
                    hint="make it a relative link to something in the tree, or ignore it",
                )


def check_path(path: str) -> None:
    """Refuse what cannot be the path of an entry.

    Args:
        path: Relative to the tree.

    Raises:
        InvalidPath: it leaves the tree or cannot be the path of a file.

    Example:
        >>> check_path("src/train.py")
    """
    problem = None
    if not _PATH.match(path):
        problem = _problem(path)
    elif not path.isascii() or len(path) > LONGEST_NAME:
        problem = _problem_of_length(path)
    if problem is not None:
        shown = repr(path if len(path) <= 200 else f"{path[:200]}…")
        raise InvalidPath(f"invalid path {shown}: {problem}", hint="rename it, or ignore it")


def resolve(path: str, links: Mapping[str, str]) -> str | None:
    """Return where a path leads to, relative to the tree; None when it leaves the tree.

    Args:
        path: Relative to the tree; its last component is followed too.
        links: Targets of the tree's symbolic links, by path.

    Example:
        >>> resolve("a/../b", {"b": "c/d"})
        'c/d'
        >>> resolve("a/b", {"a": "deep/er", "deep/er/b": "../.."})
        ''
        >>> resolve("a", {"a": "../a"}) is None
        True
    """
    reached: list[str] = []
    ahead = path.split("/")[::-1]
    followed = 0
    while ahead:
        name = ahead.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if not reached:
                return None
            reached.pop()
            continue
        reached.append(name)
        target = links.get("/".join(reached))
        if target is None:
            continue
        followed += 1
        if target.startswith("/") or followed > MOST_LINKS:
            return None
        reached.pop()
        ahead.extend(target.split("/")[::-1])
    return "/".join(reached)


def _order(entry: Entry) -> bytes:
    return entry.path.encode("utf-8", "surrogatepass")


def _refuse_repeated(entries: Iterable[Entry]) -> None:
    seen = set()
    for entry in entries:
        if entry.path in seen:
            raise InvalidPath(f"{entry.path!r} is there twice", hint="list each path once")
        seen.add(entry.path)


def _check_entry(entry: Entry) -> None:
    path = entry.path
    if entry.type == SYMLINK:
        if not entry.target or _CONTROL.search(entry.target) or _problem_of_length(entry.target):
            raise InvalidPath(
                f"the symbolic link {path!r} has an invalid target", hint="mend it, or ignore it"
            )
        wrong = entry.mode or entry.size_bytes or entry.sha256
    elif entry.type == DIRECTORY:
        wrong = entry.size_bytes or entry.sha256 or entry.target
    elif entry.type == FILE:
        wrong = not _SHA256.fullmatch(entry.sha256) or entry.target or entry.size_bytes < 0
    else:
        raise InvalidRequest(f"{path!r} is of the unknown type {entry.type!r}")
    if wrong or not 0 <= entry.mode <= 0o777:
        raise InvalidRequest(f"{path!r} is not described as a {entry.type} is")


def _problem(path: str) -> str:
    if not path:
        return "it is empty"
    if path.startswith("/"):
        return "it is absolute"
    names = path.split("/")
    if ".." in names:
        return "it leaves the tree"
    if _CONTROL.search(path):
        return "it holds a control character, such as a line end"
    return "it has an empty name or a `.` in it"


def _problem_of_length(path: str) -> str | None:
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    if len(encoded) > LONGEST_PATH:
        return f"it is longer than {LONGEST_PATH} bytes"
    if max(map(len, encoded.split(b"/"))) > LONGEST_NAME:
        return f"a name in it is longer than {LONGEST_NAME} bytes"
    return None


def _canonical(entries: Iterable[Entry]) -> bytes:
    parts = ["flowkit snapshot 1\n"]
    for path, kind, mode, size, sha256, target in entries:
        if kind == FILE:
            parts.append(f"file {mode:03o} {size} {sha256} {path}\0")
        elif kind == DIRECTORY:
            parts.append(f"directory {mode:03o} {path}\0")
        else:
            parts.append(f"symlink {path}\0{target}\0")
    return "".join(parts).encode()


def _entries(text: bytes) -> Iterator[Entry]:
    head, _, rest = text.partition(b"\n")
    if head + b"\n" != _HEAD or (rest and not rest.endswith(b"\0")):
        raise ValueError("the text does not begin or end as it should")
    fields = iter(rest.decode().split("\0")[:-1])
    for field in fields:
        kind, _, described = field.partition(" ")
        if kind == FILE:
            mode, size, sha256, path = described.split(" ", 3)
            yield Entry(path, kind, int(mode, 8), int(size), sha256)
        elif kind == DIRECTORY:
            mode, path = described.split(" ", 1)
            yield Entry(path, kind, int(mode, 8))
        else:
            yield Entry(described, kind, target=next(fields, ""))
