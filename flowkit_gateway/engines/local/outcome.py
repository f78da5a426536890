"""The outcome of an attempt: the file `exit`. Standard library only."""

from __future__ import annotations

import errno
import json
import os
from typing import NamedTuple

_SIZE = 1024
_LONGEST_MESSAGE = 600


class Outcome(NamedTuple):
    """How an attempt ended."""

    exit_code: int | None
    reason: str
    """A `TaskReason` of the contract."""
    message: str
    started_at: float
    finished_at: float
    output_dropped: int


def reserve(run_dir: str) -> str:
    """Take the disk space of an outcome, so that a full disk cannot keep it from being written.

    Returns the path to hand to `write`.

    Raises:
        OSError: there is no space.
    """
    path = f"{run_dir}/exit.{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        written = os.write(descriptor, b" " * _SIZE)
    finally:
        os.close(descriptor)
    if written < _SIZE:
        os.unlink(path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    return path


def write(run_dir: str, reserved: str, outcome: Outcome) -> None:
    """Publish the outcome; it survives a loss of power from here on."""
    content = outcome._asdict()
    content["message"] = _shortened(outcome.message)
    # Blanks around JSON mean nothing, so the outcome can overwrite its reservation in place.
    body = json.dumps(content).encode().ljust(_SIZE)
    descriptor = os.open(reserved, os.O_WRONLY)
    try:
        os.pwrite(descriptor, body, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(reserved, f"{run_dir}/exit")


def why_missing(run_dir: str) -> str:
    """Say why a supervisor that is gone left no outcome."""
    try:
        with open(f"{run_dir}/crash") as file:
            return f"its supervisor failed: {file.read().strip().splitlines()[-1]}"
    except FileNotFoundError:
        return "its supervisor was killed"
    except IndexError:
        return "its supervisor failed, and the disk had no room for the reason"


def _shortened(message: str) -> str:
    """Cut a message until it fits with its escapes."""
    while len(json.dumps(message)) > _LONGEST_MESSAGE:
        message = message[: len(message) * 3 // 4] + "…"
    return message


def read(run_dir: str) -> Outcome | None:
    """Return the outcome, or None when there is none (yet)."""
    try:
        with open(f"{run_dir}/exit", "rb") as file:
            content = json.loads(file.read())
    except (FileNotFoundError, ValueError):
        # A loss of power may leave the name without its content; that is no outcome either.
        return None
    return Outcome(*(content[name] for name in Outcome._fields))
