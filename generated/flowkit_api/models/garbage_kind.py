from __future__ import annotations

from ..types import OpenEnum


class GarbageKind(OpenEnum):
    """`GarbageKind` of the contract."""

    WORKSPACE = "workspace"
    SNAPSHOT = "snapshot"
    CACHE = "cache"
    UPLOAD = "upload"
