"""Gateways and proxies before them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest

from flowkit import AsyncFlow, Flow
from flowkit.transport.retries import RetryPolicy
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

T = TypeVar("T")
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
def new_runner() -> Iterator[Callable[[], asyncio.Runner]]:
    """Make event loops for asynchronous twins."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(asyncio.Runner())


@pytest.fixture
def runner(new_runner: Callable[[], asyncio.Runner]) -> asyncio.Runner:
    """An event loop for the asynchronous twin."""
    return new_runner()


def in_background(function: Callable[[], T]) -> Future[T]:
    """Call a function in a thread that may be left behind."""
    future: Future[T] = Future()
    threading.Thread(target=lambda: future.set_result(function()), daemon=True).start()
    return future


def flow_of(
    kind: str,
    runner: asyncio.Runner,
    url: str,
    key: str,
    project: str,
    *,
    longest_outage: float | None = None,
    **options: Any,
) -> Any:
    """Return a flow of one kind, asynchronous ones driven as if they were not."""
    make = Flow if kind == "sync" else AsyncFlow
    flow = make(url, key, project, **options)
    if longest_outage is not None:
        flow._policy = RetryPolicy(longest_outage=longest_outage)
    return flow if kind == "sync" else Driven(flow, runner)
