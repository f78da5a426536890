"""The room on the data directory's disk that new work needs."""

from __future__ import annotations

import os
from pathlib import Path

_LEAST_FREE = 16 * 1024 * 1024
_LEAST_FREE_SHARE = 0.01


def has_room(directory: Path) -> bool:
    """Say whether there is room to accept and to start tasks.

    Some is kept back, 1 % of a small disk and 16 MiB of a large one, in which the outcomes of
    tasks that run can still be written down.
    """
    disk = os.statvfs(directory)
    least = min(_LEAST_FREE, disk.f_blocks * disk.f_frsize * _LEAST_FREE_SHARE)
    return disk.f_bavail * disk.f_frsize >= least
