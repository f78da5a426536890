"""Changes of trees: directories that are made, things that are moved and deleted."""

from __future__ import annotations

import errno
import os
import stat

from flowkit_gateway.files.entries import Entry, entry_at
from flowkit_gateway.files.paths import Names, shown, text_of
from flowkit_gateway.files.placing import rename
from flowkit_gateway.files.trash import Trash
from flowkit_gateway.files.tree import Tree, make_directory
from flowkit_gateway.problems import AlreadyExists, InvalidPath


def make_directories(tree: Tree, names: Names) -> Entry:
    """Make a directory, and those above it; one that is there is taken as it is.

    Raises:
        AlreadyExists: there is a file.
        InvalidPath: no directory can be there.
    """
    with tree.place(names, make=True) as place:
        found = place.find()
        if found is None:
            os.close(make_directory(place))
            os.fsync(place.directory)
        elif not stat.S_ISDIR(found.st_mode):
            raise AlreadyExists(
                f"{shown(text_of(names))} is there already, and no directory",
                hint="Choose another name, or delete it first.",
            )
        return entry_at(place, names)


def move(tree: Tree, source: Names, target: Names, *, overwrite: bool) -> Entry:
    """Give a file, a directory or a link another name or another directory, at once.

    Args:
        tree: where both are.
        source: what is moved; a link itself, not what it points to.
        target: its path after that.
        overwrite: replace a file that is there; directories are never replaced.

    Raises:
        FileNotFound: there is no source, or no directory for the target.
        AlreadyExists: there is a target that is not to be replaced.
        InvalidPath: a directory was to be moved into itself.
    """
    with tree.place(source) as old:
        moved = old.stat()
        with tree.place(target) as new:
            replaced = new.find()
            if replaced is not None and not os.path.samestat(moved, replaced):
                _demand_replaceable(moved, replaced, target, overwrite)
            try:
                rename(old, new, overwrite=overwrite)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    raise InvalidPath(
                        f"{shown(text_of(source))} cannot be moved into itself",
                        hint="Choose a target that is not below it.",
                    ) from error
                raise
            if old.directory != new.directory:
                os.fsync(old.directory)
            os.fsync(new.directory)
            return entry_at(new, target)


def delete(tree: Tree, names: Names, trash: Trash, *, recursive: bool) -> None:
    """Delete a file, a link or a directory.

    A whole directory goes at once, to where nobody finds it: no crash leaves a part of it.

    Args:
        tree: where it is.
        names: its path.
        trash: takes directories with what is in them.
        recursive: a directory need not be empty.

    Raises:
        FileNotFound: there is nothing.
        Conflict: there is a directory with something in it, and `recursive` is not set.
    """
    with tree.place(names) as place:
        found = place.stat()
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(place.name, dir_fd=place.directory)
        elif recursive:
            trash.take(place)
        else:
            os.rmdir(place.name, dir_fd=place.directory)
        os.fsync(place.directory)


def _demand_replaceable(
    moved: os.stat_result, replaced: os.stat_result, target: Names, overwrite: bool
) -> None:
    name = shown(text_of(target))
    if stat.S_ISDIR(replaced.st_mode):
        raise AlreadyExists(
            f"{name} is a directory", hint="Name what the source is to become in it."
        )
    if not overwrite or stat.S_ISDIR(moved.st_mode):
        raise AlreadyExists(
            f"{name} is there already", hint="Overwrite it with a file, or choose another name."
        )
