"""Gateways for the campaign, those of the gateway's own tests, and both twins of the facade."""

from __future__ import annotations

from tests.gateway.conftest import (
    api,
    holding,
    holding_gateway,
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
    "local_gateway",
    "null_gateway",
    "project",
    "start_gateway",
    "twin",
]
