"""Gateways and proxies before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.campaigns.network.fault_proxy import FaultProxy, Plan
from tests.gateway.conftest import (
    holding_gateway,
    local_gateway,
    null_gateway,
    project,
    start_gateway,
)
from tests.gateway.gateway_process import GatewayProcess
from tests.unit.conftest import bare_home
from tests.unit.twins import Driven

__all__ = [
    "bare_home",
    "holding_gateway",
    "local_gateway",
    "null_gateway",
    "project",
    "start_gateway",
]

StartProxy = Callable[[GatewayProcess, Plan], FaultProxy]


@pytest.fixture
def start_proxy() -> Iterator[StartProxy]:
    """Start proxies before gateways; they end with the test."""
    with ExitStack() as stack:
        yield lambda gateway, plan: stack.enter_context(FaultProxy(gateway.url, plan))


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the twins."""
    return str(request.param)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for the asynchronous twin."""
    with asyncio.Runner() as runner:
        yield runner


__all__ += ["Driven"]
