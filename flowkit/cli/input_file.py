"""Files that a command line names: read whole, but never without an end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from flowkit.cli.errors import BadInput
from flowkit.suggestions import closest

_LARGEST = 64 * 1024 * 1024


def read_input(path: str, *, option: str, largest: int = _LARGEST) -> bytes:
    """Return what is in a file, or comes from a pipe that something writes to.

    Args:
        path: The file; `/dev/stdin` and a shell's `<(command)` will do.
        option: The option that names it.
        largest: Most bytes.

    Raises:
        BadInput: It cannot be read, is too large, or a pipe that nobody writes to.
    """
    try:
        # Opening a pipe would wait for a writer, who may never come.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name holds a NUL character"
        raise BadInput(f"{option}: cannot read {path}: {reason}", hint=_near(path)) from error
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        content = _first_of_pipe(descriptor) if is_pipe else b""
        if content is None:
            raise BadInput(f"{option}: nothing comes from the pipe {path}")
        os.set_blocking(descriptor, True)
        content += read_at_most(descriptor, largest + 1)
    except OSError as error:
        raise BadInput(f"{option}: cannot read {path}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(content) > largest:
        raise BadInput(f"{option}: {path} is larger than {largest // 1024} KiB")
    return content


def read_at_most(descriptor: int, largest: int) -> bytes:
    """Return what can be read up to its end, but no more than some bytes."""
    content = bytearray()
    while len(content) < largest and (piece := os.read(descriptor, 1024 * 1024)):
        content += piece
    return bytes(content[:largest])


def _first_of_pipe(descriptor: int) -> bytes | None:
    """Return what is in a pipe already; None when nobody has its other side open."""
    try:
        return os.read(descriptor, 65536) or None
    except BlockingIOError:  # somebody has, and will write
        return b""


def _near(path: str) -> str | None:
    if os.path.lexists(path):
        return None
    name = Path(path)
    try:
        close = closest(name.name, os.listdir(name.parent)) if name.name else None
    except (OSError, ValueError):
        return None
    return None if close is None else f"did you mean {name.parent / close}?"
