"""Gateways for the campaign: those of the gateway's own tests."""

from __future__ import annotations

from tests.gateway.conftest import (
    api,
    holding,
    holding_gateway,
    null_gateway,
    project,
    start_gateway,
)

__all__ = ["api", "holding", "holding_gateway", "null_gateway", "project", "start_gateway"]
