"""The server that gateways share."""

from __future__ import annotations

from tests.gateway.conftest import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
