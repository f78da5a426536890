"""What the operating system refuses of files, as the contract's errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from flowkit_gateway.files.paths import Names, shown, text_of
from flowkit_gateway.problems import (
    AlreadyExists,
    Conflict,
    FileNotFound,
    InvalidPath,
    PermissionDenied,
    Problem,
    StorageFull,
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@contextmanager
def refusing(names: Names) -> Iterator[None]:
    """Raise what goes wrong with a path as a Problem.

    Args:
        names: the path that the caller gave.

    Raises:
        Problem: in place of any OSError.
    """
    try:
        yield
    except OSError as error:
        if not names and error.errno == errno.ENOENT:
            raise FileNotFound(
                "there are no files here",
                hint="A task keeps what it names as outputs, until that is collected.",
            ) from error
        raise problem_of(error, shown(text_of(names)) if names else "the root") from error


def problem_of(error: OSError, path: str) -> Problem:
    """Return the error to answer with.

    Args:
        error: what the operating system said.
        path: what it said it of, quoted.
    """
    code = error.errno
    if code in (errno.ENOENT, errno.ESTALE):
        return FileNotFound(f"there is no {path}", hint="List the directory above it.")
    if code == errno.ENOTDIR:
        return InvalidPath(
            f"{path} needs a directory where there is a file or a link",
            hint="Check the names before the last one.",
        )
    if code == errno.EISDIR:
        return InvalidPath(f"{path} is a directory", hint="Name a file in it.")
    if code == errno.EEXIST:
        return AlreadyExists(f"{path} is there already", hint="Overwrite it, or delete it first.")
    if code == errno.ENOTEMPTY:
        return Conflict(f"{path} is a directory that is not empty", hint="Delete it recursively.")
    if code == errno.ELOOP:
        return InvalidPath(
            f"{path} goes through a symbolic link that changes", hint="Name what it points to."
        )
    if code == errno.ENAMETOOLONG:
        return InvalidPath(f"{path} is too long for the gateway's disk", hint="Shorten its names.")
    if code in (errno.EACCES, errno.EPERM):
        return PermissionDenied(
            f"the gateway may not do this with {path}",
            hint="Look at the permission bits of it and of the directory above it.",
        )
    return _of_disk(error, path)


def _of_disk(error: OSError, path: str) -> Problem:
    if error.errno in _FULL:
        return StorageFull(
            f"the gateway's disk refuses {path}: {error.strerror}",
            hint="Free some space; what had arrived of an upload is kept.",
        )
    if error.errno == errno.EBUSY:
        return Conflict(f"{path} is mounted by a task", hint="Wait for the task's end.")
    if error.errno == errno.EXDEV:
        return Conflict(f"{path} is on another disk", hint="Copy it, then delete it.")
    return Conflict(f"the gateway cannot do this with {path}: {error.strerror or error}")
