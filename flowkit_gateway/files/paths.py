"""Paths as the contract has them: names with `/` between, from the root of a space."""

from __future__ import annotations

import os
import unicodedata

from flowkit_gateway.problems import InvalidPath

MOST_PATH_BYTES = 4096
"""Linux takes no longer path at once (`PATH_MAX`); so what is listed can be used by tasks too."""
MOST_NAME_BYTES = 255

Names = tuple[str, ...]
"""A path, name by name; the empty one is the root."""


def parse(text: str, *, root: bool = False) -> Names:
    """Return the names of a path.

    Args:
        text: the path.
        root: the empty text is taken too, for the root.

    Raises:
        InvalidPath: it leaves the root, or is no path that can be used everywhere.

    Example:
        >>> parse("runs/7/metrics.json")
        ('runs', '7', 'metrics.json')
    """
    if not text and root:
        return ()
    if text.startswith("/"):
        raise InvalidPath(
            f"the path {shown(text)} is absolute",
            hint="Paths begin at the root of the volume or workspace: leave out the first `/`.",
        )
    names = tuple(text.split("/"))
    for name in names:
        _check(name, text)
    if len(os.fsencode(text)) > MOST_PATH_BYTES:
        raise InvalidPath(f"the path has more than {MOST_PATH_BYTES} bytes", hint="Shorten it.")
    return names


def text_of(names: Names) -> str:
    """Return a path as text; what is not UTF-8 in names that tasks chose is replaced.

    Example:
        >>> text_of(("a", "b"))
        'a/b'
    """
    return os.fsencode("/".join(names)).decode("utf-8", "replace")


def shown(text: str) -> str:
    """Return a path as errors show it: quoted, in one line, of bounded length."""
    return repr(text if len(text) <= 200 else f"{text[:197]}...")


def _check(name: str, text: str) -> None:
    if not name:
        raise InvalidPath(
            f"the path {shown(text)} has an empty name" if text else "the path is empty",
            hint="Write one `/` between names, and none at the end.",
        )
    if name in (".", ".."):
        raise InvalidPath(
            f"the path {shown(text)} has the name {name!r}",
            hint="Write the path from the root, without `.` and `..`.",
        )
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise InvalidPath(
            f"the path {shown(text)} has a control character",
            hint="Names have no line ends, tabs or NUL.",
        )
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidPath(f"the path {shown(text)} is not Unicode text") from None
    if size > MOST_NAME_BYTES:
        raise InvalidPath(
            f"the path {shown(text)} has a name of {size} bytes",
            hint=f"A name has at most {MOST_NAME_BYTES} bytes.",
        )
