"""The room on the data directory's disk that new work needs."""

from __future__ import annotations

import os
from pathlib import Path

_LEAST_FREE = 16 * 1024 * 1024
_LEAST_FREE_SHARE = 0.01

_LOW = 20 * 10**9
_LOW_SHARE = 0.10


def has_room(directory: Path, size: int = 0) -> bool:
    """Say whether there is room to accept and to start tasks, or for `size` bytes beside those.

    Some is kept back, 1 % of a small disk and 16 MiB of a large one, in which the outcomes of
    tasks that run can still be written down.
    """
    disk = os.statvfs(directory)
    least = min(_LEAST_FREE, disk.f_blocks * disk.f_frsize * _LEAST_FREE_SHARE)
    return disk.f_bavail * disk.f_frsize >= least + size


def is_low(directory: Path) -> bool:
    """Say whether room is so short that what is only kept for convenience should go.

    That is below 10 % of a small disk and below 20 GB of a large one.
    """
    disk = os.statvfs(directory)
    least = min(_LOW, disk.f_blocks * disk.f_frsize * _LOW_SHARE)
    return disk.f_bavail * disk.f_frsize < least
