"""Lists of directories, page by page, with memory for one page."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass

from flowkit_gateway.files.entries import Entry, entry_at
from flowkit_gateway.files.paths import MOST_PATH_BYTES, Names
from flowkit_gateway.files.tree import Place, Tree
from flowkit_gateway.problems import FileNotFound, InvalidPath, PermissionDenied

_OPEN = os.O_RDONLY | os.O_DIRECTORY


@dataclass(slots=True)
class _Level:
    """A directory that is being listed."""

    names: Names
    entries: list[Entry]
    """What is still to come, last first."""


def list_page(tree: Tree, top: Names, *, recursive: bool, after: Names, limit: int) -> list[Entry]:
    """Return what follows in a list, in the order of names, a directory before what is in it.

    What comes and goes meanwhile may be listed or not; all else is listed once.

    Args:
        tree: where.
        top: the directory, or a file that alone is listed.
        recursive: also list what is in the directories below.
        after: the last path of the page before; empty for the first page.
        limit: most entries.

    Raises:
        FileNotFound: there is no such directory.
        InvalidPath: the path cannot be one here.
    """
    with tree.place(top, follow=True) as place:
        entry = entry_at(place, top)
        if not entry.is_directory:
            return [] if after else [entry]
    found: list[Entry] = []
    for entry in _walk(tree, top, recursive, after, limit):
        found.append(entry)
        if len(found) == limit:
            break
    return found


def _walk(tree: Tree, top: Names, recursive: bool, after: Names, limit: int) -> Iterator[Entry]:
    levels = [_level(tree, top, recursive, after, limit)]
    while levels:
        level = levels[-1]
        if not level.entries:
            levels.pop()
            continue
        entry = level.entries.pop()
        depth = len(entry.names)
        listed = after[:depth] == entry.names
        if not listed:
            yield entry
        if recursive and entry.is_directory:
            rest = after if listed else ()
            try:
                levels.append(_level(tree, entry.names, recursive, rest, limit))
            except (FileNotFound, InvalidPath, PermissionDenied):
                # It went away meanwhile, or nobody may look into it; it was listed itself.
                continue


def _level(tree: Tree, names: Names, recursive: bool, after: Names, limit: int) -> _Level:
    """Read a directory from where the list goes on.

    One more than the page is enough; the last listed one is among them when its own content is
    still to come.
    """
    with tree.place(names, follow=True) as place:
        directory = place.open(_OPEN)
        try:
            with os.scandir(directory) as found:
                first = after[len(names)] if len(after) > len(names) else ""
                following = (
                    item.name
                    for item in found
                    if item.name > first or (recursive and item.name == first)
                )
                chosen = heapq.nsmallest(limit + 1, following)
            entries = _describe(directory, names, reversed(chosen))
        finally:
            os.close(directory)
    return _Level(names, entries)


def _describe(directory: int, names: Names, chosen: Iterator[str]) -> list[Entry]:
    entries = []
    for name in chosen:
        path = (*names, name)
        if len(os.fsencode("/".join(path))) > MOST_PATH_BYTES:
            continue
        try:
            entries.append(entry_at(Place(directory, name), path))
        except FileNotFoundError:
            continue  # it was there a moment ago
    return entries
