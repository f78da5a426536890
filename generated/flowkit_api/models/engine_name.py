from __future__ import annotations

from ..types import OpenEnum


class EngineName(OpenEnum):
    """What runs the tasks."""

    LOCAL = "local"
    SLURM = "slurm"
    NULL = "null"
