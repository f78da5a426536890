"""One test for both twins: the asynchronous one, driven as if it were synchronous."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from typing import Any

import httpx
from flowkit_api.types import Request

from flowkit import AsyncClient, AsyncFlow, Client, Flow
from flowkit.transport._async.transport import AsyncTransport
from flowkit.transport._sync.transport import Transport
from flowkit.transport.endpoint import Endpoint, FixedGateway, Gateway
from flowkit.transport.retries import RetryPolicy

Handler = Callable[[httpx.Request], httpx.Response]

URL = "http://gateway.test"
TASK_ID = "task_01m7xxaadq1jm0y5eh30dz59y3"


class Driven:
    """An asynchronous object whose calls are run to their end, here and now."""

    def __init__(self, driven: object, runner: asyncio.Runner) -> None:
        self._driven = driven
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self._driven, name))

    def _wrapped(self, value: Any) -> Any:
        if inspect.iscoroutine(value):
            return self._wrapped(self._runner.run(value))
        if isinstance(value, AbstractAsyncContextManager) and not hasattr(value, "close"):
            return self._entered(value)
        if isinstance(value, AsyncIterator):
            return self._iterated(value)
        if callable(value):
            return lambda *args, **kwargs: self._wrapped(value(*map(_bare, args), **kwargs))
        if type(value).__name__.startswith("Async"):
            return Driven(value, self._runner)
        if isinstance(value, list):
            return [self._wrapped(item) for item in value]
        return value

    @contextmanager
    def _entered(self, context: AbstractAsyncContextManager[Any]) -> Iterator[Any]:
        value = self._runner.run(_awaited(context.__aenter__()))
        try:
            yield self._wrapped(value)
        finally:
            self._runner.run(_awaited(context.__aexit__(None, None, None)))

    def _iterated(self, iterator: AsyncIterator[Any]) -> Iterator[Any]:
        try:
            while True:
                try:
                    yield self._wrapped(self._runner.run(_awaited(anext(iterator))))
                except StopAsyncIteration:
                    return
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                self._runner.run(close())


def _bare(value: object) -> object:
    return value._driven if isinstance(value, Driven) else value


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


class NoDelays(RetryPolicy):
    """The real policy, whose delays are noted instead of waited for."""

    delays: list[float | None]

    def delay(
        self, failures: int, retry_after: float | None = None, *, outage: float | None = None
    ) -> float | None:
        delay = super().delay(failures, retry_after, outage=outage)
        self.delays.append(delay)
        return None if delay is None else 0.0


def no_delays(max_retries: int = 2) -> NoDelays:
    policy = NoDelays(max_retries, longest_outage=0.0)
    policy.delays = []
    return policy


class Twin:
    """Makes transports and flows of one kind, which answer by a function."""

    def __init__(self, kind: str, runner: asyncio.Runner) -> None:
        self._is_async = kind == "async"
        self._runner = runner
        self._connected: list[Any] = []

    def transport(
        self,
        handler: Handler | None,
        *,
        gateway: Gateway | None = None,
        policy: RetryPolicy | None = None,
        timeout: float = 60.0,
    ) -> Any:
        """Return a transport whose answers are the handler's, or the network's where it is None."""
        gateway = gateway or FixedGateway(Endpoint(URL, "secret-key", "vision"))
        policy = policy or no_delays()
        connect = partial(httpx.MockTransport, handler) if handler is not None else None
        if self._is_async:
            driven = AsyncTransport(gateway, policy=policy, timeout=timeout, connect=connect)
            return Driven(driven, self._runner)
        return Transport(gateway, policy=policy, timeout=timeout, connect=connect)

    def parts(self, *parts: bytes) -> Any:
        """Return a body that comes in parts."""

        async def one_by_one() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        return one_by_one() if self._is_async else iter(parts)

    def flow(self, handler: Handler, *, policy: RetryPolicy | None = None) -> Any:
        """Return a flow whose gateway's answers are the handler's."""
        transport = self.transport(handler, policy=policy)
        if self._is_async:
            flow = AsyncFlow(api_url=URL, api_key="secret-key")
            flow._api = transport._driven
            return Driven(flow, self._runner)
        sync = Flow(api_url=URL, api_key="secret-key")
        sync._api = transport
        return sync

    def connected(self, url: str, key: str, project: str | None = None) -> Any:
        """Return a flow of a gateway that is there, which makes each call once."""
        flow: Any
        if self._is_async:
            alone = AsyncFlow(api_url=url, api_key=key, project=project, max_retries=0)
            flow = Driven(alone, self._runner)
        else:
            flow = Flow(api_url=url, api_key=key, project=project, max_retries=0)
        self._connected.append(flow)
        return flow

    def close(self) -> None:
        """Close the connections."""
        for flow in self._connected:
            flow.close()

    def client(self, flow: Any) -> Any:
        """Return a `Client` of a flow that this has made."""
        if self._is_async:
            client = AsyncClient(api_url=URL, api_key="secret-key")
            client.flow = flow._driven
            return Driven(client, self._runner)
        sync = Client(api_url=URL, api_key="secret-key")
        sync.flow = flow
        return sync


def request(operation: str = "get_task", method: str = "GET", **fields: Any) -> Request:
    """Return a request of some operation."""
    values: dict[str, Any] = {
        "path": f"/v1/tasks/{TASK_ID}",
        "params": (),
        "headers": {},
        "body": None,
        "content_type": None,
        "accept": "application/json",
    }
    return Request(method=method, operation=operation, **(values | fields))


def problem(status: int, code: str, detail: str = "no", **headers: str) -> httpx.Response:
    """Return a problem as a gateway answers it."""
    return httpx.Response(
        status,
        headers={"Content-Type": "application/problem+json", **headers},
        json={
            "type": "about:blank",
            "title": code,
            "status": status,
            "code": code,
            "detail": detail,
            "correlation_id": "c-1",
        },
    )


def task_document(**fields: object) -> dict[str, object]:
    """Return a task as a gateway answers it."""
    return {
        "id": TASK_ID,
        "command": ["true"],
        "project": "default",
        "status": "running",
        "engine": "local",
        "simulated": False,
        "attempt": 1,
        "created_at": "2026-11-20T10:00:00Z",
        **fields,
    }
