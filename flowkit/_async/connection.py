"""What every client has: settings, a transport, and an end."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flowkit.config import resolve_settings
from flowkit.errors import InvalidRequest
from flowkit.transport.endpoint import Endpoint, FixedGateway, Gateway
from flowkit.transport.retries import DEFAULT_TIMEOUT, RetryPolicy

if TYPE_CHECKING:
    from flowkit.transport._async.transport import AsyncTransport

_MOST_RETRIES = 100


class AsyncConnection:
    """A connection to a gateway that is made when it is first used.

    Args:
        api_url: Where the gateway is; the configured or embedded one unless given.
        api_key: What to sign in with.
        project: The project to work in.
        profile: Which profile of the configuration file to use.
        timeout: Seconds that the gateway may take to answer a call.
        max_retries: How often a call that failed on its way is made again.

    Raises:
        ConfigError: an argument, a variable or a file is wrong.
    """

    def __init__(
        self,
        api_url: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        profile: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = 2,
    ) -> None:
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
            raise InvalidRequest(f"invalid timeout {timeout!r}", hint="a number of seconds")
        if isinstance(max_retries, bool) or max_retries not in range(_MOST_RETRIES + 1):
            raise InvalidRequest(
                f"invalid max_retries {max_retries!r}",
                hint=f"a whole number from 0 to {_MOST_RETRIES}",
            )
        self._settings = resolve_settings(
            api_url=api_url, api_key=api_key, project=project, profile=profile
        )
        self._timeout = timeout
        self._policy = RetryPolicy(max_retries)
        self._lock = threading.Lock()
        self._api: AsyncTransport | None = None
        self._closed = False

    @property
    def is_embedded(self) -> bool:
        """Whether the gateway is this machine's own, and tasks run in their caller's place."""
        return self._settings.api_url is None

    @property
    def api(self) -> AsyncTransport:
        """The client for generated calls, with this one's settings, retries and errors.

        Example:
            >>> from flowkit_api.api.server import get_health
            >>> async with AsyncFlow() as flow:
            ...     print((await get_health.asyncio(client=flow.api)).status)
            ok
        """
        with self._lock:
            if self._api is None:
                from flowkit.transport._async.transport import AsyncTransport

                self._api = AsyncTransport(
                    self._gateway(), policy=self._policy, timeout=self._timeout
                )
                if self._closed:
                    self._api.refuse()
            return self._api

    async def close(self) -> None:
        """Close the connections; calling it again does nothing. Tasks go on."""
        with self._lock:
            self._closed = True
            api = self._api
        if api is not None:
            await api.close()

    def _gateway(self) -> Gateway:
        settings = self._settings
        if settings.api_url is not None:
            return FixedGateway(Endpoint(settings.api_url, settings.api_key, settings.project))
        from flowkit.embedded import EmbeddedGateway

        return EmbeddedGateway(project=settings.project)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        where = self._settings.api_url or "embedded gateway"
        return f"<{type(self).__name__} {where}{' closed' if self._closed else ''}>"
