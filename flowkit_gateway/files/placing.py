"""How a file appears under its name: at once and whole, or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.contract import invalid
from flowkit_gateway.files.entries import Entry
from flowkit_gateway.files.paths import Names, shown, text_of
from flowkit_gateway.files.tree import Place, Tree
from flowkit_gateway.problems import AlreadyExists, Detail, FileNotFound

DEFAULT_MODE = 0o644
_RENAME_NOREPLACE = 1
_NO_SUCH_RENAME = (errno.EINVAL, errno.ENOSYS)


class Attributes(NamedTuple):
    """What a file has besides its content."""

    mode: int = DEFAULT_MODE
    modified_ns: int | None = None
    """Unix nanoseconds; None for when its last byte arrived."""


def modified_ns(text: str | None, loc: str) -> int | None:
    """Return a time of the contract in Unix nanoseconds.

    Args:
        text: RFC 3339, if a time was given.
        loc: JSON pointer of the text in its request.

    Raises:
        InvalidRequest: there is no such time.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.upper())
        seconds = int(at.replace(microsecond=0).timestamp())
    except (ValueError, OverflowError):
        raise invalid([Detail(loc, "is not a time that exists")]) from None
    return seconds * 1_000_000_000 + at.microsecond * 1000


def finish(descriptor: int, names: Names, attributes: Attributes) -> Entry:
    """Give an open file its attributes and bring it to the disk; return it as it will be."""
    os.fchmod(descriptor, attributes.mode)
    if attributes.modified_ns is not None:
        os.utime(descriptor, ns=(attributes.modified_ns, attributes.modified_ns))
    os.fsync(descriptor)
    return Entry(names, os.fstat(descriptor))


def check_target(tree: Tree, names: Names, *, overwrite: bool) -> int:
    """Return how many bytes the file has that would be replaced, before its successor arrives.

    Raises:
        AlreadyExists: there is a directory, or a file that is not to be replaced.
        InvalidPath: no file can be there.
    """
    try:
        with tree.place(names) as place:
            found = place.find()
    except FileNotFound:
        # The directories above are made when the file appears.
        return 0
    if found is None:
        return 0
    _demand_replaceable(found, names, overwrite)
    return found.st_size


def put(source: Path, tree: Tree, names: Names, *, overwrite: bool) -> None:
    """Let a finished file appear under its name, and the directories above it.

    Raises:
        AlreadyExists: there is a directory, or a file that is not to be replaced.
        InvalidPath: no file can be there.
    """
    with _directory(source.parent) as beside, tree.place(names, make=True) as place:
        found = place.find()
        if found is not None:
            _demand_replaceable(found, names, overwrite)
        rename(Place(beside, source.name), place, overwrite=overwrite)
        os.fsync(place.directory)


def rename(source: Place, target: Place, *, overwrite: bool) -> None:
    """Give a file or a directory another name at once.

    Raises:
        FileExistsError: something has that name, and is not to be replaced.
    """
    if not overwrite:
        try:
            _rename_unless_there(source, target)
        except FileExistsError:
            if not _is_spelling_of(source, target):
                raise
        else:
            return
    os.rename(source.name, target.name, src_dir_fd=source.directory, dst_dir_fd=target.directory)


def _rename_unless_there(source: Place, target: Place) -> None:
    """Call renameat2(2), which looks and renames in one step; Python has no such function."""
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.renameat2(
        source.directory,
        os.fsencode(source.name),
        target.directory,
        os.fsencode(target.name),
        ctypes.c_uint(_RENAME_NOREPLACE),
    )
    if not failed:
        return
    code = ctypes.get_errno()
    if code not in _NO_SUCH_RENAME or target.find() is not None:
        raise OSError(code if code not in _NO_SUCH_RENAME else errno.EEXIST, os.strerror(code))
    # Some network file systems cannot; what appears there just now is replaced.
    os.rename(source.name, target.name, src_dir_fd=source.directory, dst_dir_fd=target.directory)


def _is_spelling_of(source: Place, target: Place) -> bool:
    """Say whether two names are one, on a disk that does not tell `a` from `A`."""
    one, other = source.find(), target.find()
    if one is None or other is None or not os.path.samestat(one, other):
        return False
    return stat.S_ISDIR(one.st_mode) or one.st_nlink == 1


def _demand_replaceable(found: os.stat_result, names: Names, overwrite: bool) -> None:
    name = shown(text_of(names))
    if stat.S_ISDIR(found.st_mode):
        raise AlreadyExists(f"{name} is a directory", hint="Name a file in it, or delete it first.")
    if not overwrite:
        raise AlreadyExists(
            f"{name} is there already", hint="Overwrite it, or choose another name."
        )


@contextmanager
def _directory(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
