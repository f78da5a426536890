"""The claim of an attempt: the file that lets exactly one process run it. Stdlib only."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

_VOID = "void"
"""Target of the link that stands for a void attempt; nothing has that name."""


class Claim(NamedTuple):
    """Who owns an attempt."""

    pid: int
    """Of the supervisor; 0 when the attempt was voided and nobody will ever run it."""
    start_time: int
    boot_id: str

    @property
    def void(self) -> bool:
        return self.pid == 0


def take(run_dir: str, claim: Claim) -> bool:
    """Claim the attempt; return False when it is somebody else's.

    Raises:
        OSError: the claim could not be written; the attempt is not claimed.
    """
    # link(2) is atomic and refuses an existing name, so that a claim is whole and is unique.
    temporary = f"{run_dir}/claim.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, json.dumps(claim._asdict()).encode())
        os.link(temporary, f"{run_dir}/claim")
    except FileExistsError:
        return False
    finally:
        os.close(descriptor)
        os.unlink(temporary)
    return True


def void(run_dir: str) -> bool:
    """Make sure that the attempt is never run; return False when it is claimed already.

    Raises:
        OSError: the directory cannot be written to.
    """
    # Exclusive like link(2), and a symbolic link needs no room on a full disk.
    try:
        os.symlink(_VOID, f"{run_dir}/claim")
    except FileExistsError:
        return False
    return True


def read(run_dir: str) -> Claim | None:
    """Return who claimed the attempt, or None."""
    path = f"{run_dir}/claim"
    try:
        with open(path, "rb") as file:
            return Claim(**json.loads(file.read()))
    except FileNotFoundError:
        return Claim(0, 0, "") if os.path.islink(path) else None
    except ValueError:
        # A loss of power may leave the name without its content: whoever it was is gone.
        return Claim(-1, 0, "")
