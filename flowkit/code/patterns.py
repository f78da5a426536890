"""One pattern of an ignore file, as git reads it.

Source: gitignore(5), and for what that leaves open (classes, backslashes, rows of stars) what git
2.39 does, to which a test compares this on generated trees. Matching is by bytes, as in git.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\*?\[]")
_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "A-Fa-f0-9",
}


class Pattern:
    """One line of an ignore file that says something.

    Attributes:
        leaves_out: Whether it leaves out what it matches, or brings it back (`!`).
        name: Names that are equal to this one match, and no others, unless it is empty.
        suffix: Likewise, names that end so.
    """

    __slots__ = ("_is_anchored", "_only_directories", "_regex", "leaves_out", "name", "suffix")

    def __init__(self, text: str, *, leaves_out: bool) -> None:
        self.leaves_out = leaves_out
        self._only_directories = text.endswith("/")
        text = text.removesuffix("/")
        self._is_anchored = "/" in text
        self.name = self.suffix = ""
        self._regex: re.Pattern[bytes] | None = None
        if not self._is_anchored and not _SPECIAL.search(text):
            self.name = text
        elif not self._is_anchored and text[0] == "*" and not _SPECIAL.search(text[1:]):
            self.suffix = text[1:]
        if not (self.name or self.suffix):
            self._regex = _compiled(text.removeprefix("/"))

    @classmethod
    def read(cls, line: str) -> Pattern | None:
        """Return the pattern of a line; None for a comment, an empty one, or what matches nothing.

        Example:
            >>> [Pattern.read(line) for line in ("# built", "", "/")]
            [None, None, None]
            >>> Pattern.read("*.py[co]").matches("src/a.pyc", "a.pyc", is_directory=False)
            True
        """
        if line.startswith("#"):
            return None
        text = _without_trailing_spaces(line)
        leaves_out = not text.startswith("!")
        text = text if leaves_out else text[1:]
        return cls(text, leaves_out=leaves_out) if text.strip("/") else None

    def matches(self, path: str, name: str, is_directory: bool) -> bool:
        """Say whether the pattern names this very path, not only one above it.

        Args:
            path: Relative to the ignore file's directory.
            name: Its last component.
            is_directory: It is a directory, and no link to one.
        """
        if self._only_directories and not is_directory:
            return False
        if self.name:
            return name == self.name
        if self.suffix:
            return name.endswith(self.suffix)
        tried = path if self._is_anchored else name
        if self._regex is None:
            return False
        return self._regex.fullmatch(tried.encode("utf-8", "surrogateescape")) is not None


def _without_trailing_spaces(line: str) -> str:
    end, position = 0, 0
    while position < len(line):
        if line[position] == "\\":
            position += 1
            end = position + 1
        elif line[position] != " ":
            end = position + 1
        position += 1
    return line[:end]


def _compiled(text: str) -> re.Pattern[bytes] | None:
    """Return the regular expression of a pattern; None when it matches nothing."""
    # One character a byte, so that `?` is one byte of a longer letter, as it is to git.
    letters = text.encode("utf-8", "surrogateescape").decode("latin-1")
    parts: list[str] = []
    position = 0
    while position < len(letters):
        letter = letters[position]
        if letter == "*":
            part, position = _stars(letters, position)
        elif letter == "[":
            found = _bracket(letters, position)
            if found is None:
                return None
            part, position = found
        elif letter == "\\":
            if position + 1 == len(letters):
                return None
            part, position = re.escape(letters[position + 1]), position + 2
        else:
            part, position = "[^/]" if letter == "?" else re.escape(letter), position + 1
        parts.append(part)
    return re.compile("".join(parts).encode("latin-1"), re.DOTALL)


def _stars(letters: str, begin: int) -> tuple[str, int]:
    """Return what a row of stars matches, and where the pattern goes on."""
    end = begin
    while end < len(letters) and letters[end] == "*":
        end += 1
    is_whole_name = (begin == 0 or letters[begin - 1] == "/") and letters[end : end + 1] in (
        "",
        "/",
    )
    if end - begin < 2 or not is_whole_name:
        return "[^/]*", end
    return (".*", end) if end == len(letters) else ("(?:.*/)?", end + 1)


def _bracket(letters: str, begin: int) -> tuple[str, int] | None:
    """Return what `[...]` matches, and where the pattern goes on; None when it never ends."""
    position = begin + 1
    negated = letters[position : position + 1] in ("!", "^")
    position += negated
    first = position
    members: list[str] = []
    while True:
        letter = letters[position : position + 1]
        if not letter:
            return None
        if letter == "]" and position > first:
            break
        if letters.startswith("[:", position) and (end := letters.find("]", position + 2)) >= 0:
            if letters[end - 1] != ":" or end == position + 2:
                members.append(re.escape("["))
                position += 1
                continue
            named = _CLASSES.get(letters[position + 2 : end - 1])
            if named is None:
                return None
            members.append(named)
            position = end + 1
            continue
        low, position = _member(letters, position)
        if letters[position : position + 1] == "-" and letters[position + 1 : position + 2] not in (
            "",
            "]",
        ):
            high, position = _member(letters, position + 1)
            members.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
        else:
            members.append(re.escape(low))
    listed = "".join(members)
    if not listed:
        return ("[^/]" if negated else r"(?!)"), position + 1
    return f"(?!/)[{'^' if negated else ''}{listed}]", position + 1


def _member(letters: str, position: int) -> tuple[str, int]:
    if letters[position] == "\\" and position + 1 < len(letters):
        position += 1
    return letters[position], position + 1
