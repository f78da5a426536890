"""Gateways and homes for the campaign: those of the other tests."""

from __future__ import annotations

from tests.gateway.conftest import (
    api,
    holding,
    holding_gateway,
    local,
    local_gateway,
    null_gateway,
    project,
    start_gateway,
)
from tests.unit.conftest import bare_home, twin

__all__ = [
    "api",
    "bare_home",
    "holding",
    "holding_gateway",
    "local",
    "local_gateway",
    "null_gateway",
    "project",
    "start_gateway",
    "twin",
]
