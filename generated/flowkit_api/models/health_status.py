from __future__ import annotations

from ..types import OpenEnum


class HealthStatus(OpenEnum):
    """`HealthStatus` of the contract."""

    OK = "ok"
