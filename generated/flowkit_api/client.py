"""The plain client: httpx, one request a call, no retries.

It raises `flowkit_api.errors.ApiError` for every answer that is not a success, and
`httpx.TransportError` when there is none.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from .errors import from_response
from .types import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType
    from typing import Self

    import httpx

    from .types import Request

# Longer than a gateway holds an answer (60 s), and than a stream is silent (15 s).
TIMEOUT = 75.0
CONNECT_TIMEOUT = 10.0
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Client:
    """Sends requests to a gateway. Threads may share one.

    Args:
        base_url: Where the gateway is, such as `http://127.0.0.1:8765`.
        token: The gateway's key.
        project: The project to work in, when the key gives access to more than one.
        timeout: Seconds to wait for the next part of an answer.
        transport: What to send with, in place of sockets.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        project: str | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        self._http = httpx.Client(
            base_url=base_url,
            headers=_headers(token, project),
            timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
            trust_env=_trust_env(base_url),
            transport=transport,
        )

    def send(self, request: Request) -> Reply:
        """Send a request and read its whole answer.

        Args:
            request: What an operation's `request` made.

        Returns:
            The successful answer.

        Raises:
            ApiError: The answer is not a success.
        """
        return _success(self._http.send(_built(self._http, request)))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Send a request and read its answer as it arrives.

        Args:
            request: What an operation's `request` made.

        Returns:
            A context that holds the connection; it gives the parts of the body.

        Raises:
            ApiError: The answer is not a success.
        """
        response = self._http.send(_built(self._http, request), stream=True)
        try:
            if not response.is_success:
                response.read()
                _success(response)
            yield response.iter_bytes()
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient:
    """Sends requests to a gateway from asyncio.

    Args:
        base_url: Where the gateway is, such as `http://127.0.0.1:8765`.
        token: The gateway's key.
        project: The project to work in, when the key gives access to more than one.
        timeout: Seconds to wait for the next part of an answer.
        transport: What to send with, in place of sockets.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        project: str | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        import httpx

        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers=_headers(token, project),
            timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
            trust_env=_trust_env(base_url),
            transport=transport,
        )

    async def send(self, request: Request) -> Reply:
        """Send a request and read its whole answer.

        Args:
            request: What an operation's `request` made.

        Returns:
            The successful answer.

        Raises:
            ApiError: The answer is not a success.
        """
        return _success(await self._http.send(_built(self._http, request)))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send a request and read its answer as it arrives.

        Args:
            request: What an operation's `request` made.

        Returns:
            A context that holds the connection; it gives the parts of the body.

        Raises:
            ApiError: The answer is not a success.
        """
        response = await self._http.send(_built(self._http, request), stream=True)
        try:
            if not response.is_success:
                await response.aread()
                _success(response)
            yield response.aiter_bytes()
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _headers(token: str | None, project: str | None) -> dict[str, str]:
    headers = {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if project is not None:
        headers["Flowkit-Project"] = project
    return headers


def _trust_env(base_url: str) -> bool:
    """Say whether to use the environment's proxies, which cannot reach this machine."""
    import httpx

    return httpx.URL(base_url).host not in LOOPBACK


def _built(http: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    headers = {"Accept": request.accept, **request.headers}
    if request.content_type is not None:
        headers["Content-Type"] = request.content_type
    return http.build_request(
        request.method,
        request.path,
        params=request.params,
        headers=headers,
        content=request.body,
    )


def _success(response: httpx.Response) -> Reply:
    if not response.is_success:
        raise from_response(response.status_code, response.headers, response.content)
    return Reply(response.status_code, response.headers, response.content)
