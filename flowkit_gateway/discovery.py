"""The file by which clients of this machine find a gateway: its address, key and process."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

FILE_NAME = "gateway.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A gateway that listens."""

    url: str
    pid: int
    start_time: float
    """Unix time."""
    version: str
    engine: str
    embedded: bool
    token: str | None = field(default=None, repr=False)
    """The key to call it with; None when its keys are in a file of their own."""


def announce(data_dir: Path, announcement: Announcement) -> None:
    """Write the file at once and whole, readable by its owner only."""
    document = {name: value for name, value in asdict(announcement).items() if value is not None}
    # One name, as there is one gateway: what one that was killed has left is overwritten.
    temporary = data_dir / f".{FILE_NAME}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.encode(document) + b"\n")
    temporary.replace(data_dir / FILE_NAME)


def find(data_dir: Path) -> Announcement | None:
    """Return what is announced in a data directory; None when no gateway of it listens."""
    try:
        return msgspec.json.decode((data_dir / FILE_NAME).read_bytes(), type=Announcement)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def withdraw(data_dir: Path, pid: int | None = None) -> None:
    """Remove the file. Only whoever holds the directory's lock may do this.

    Args:
        data_dir: the directory.
        pid: the process whose announcement it must be; any unless given.
    """
    if pid is not None:
        found = find(data_dir)
        if found is None or found.pid != pid:
            return
    (data_dir / FILE_NAME).unlink(missing_ok=True)
