"""How httpx's clients are set up."""

from __future__ import annotations

import functools
import os
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

import httpx

from flowkit.errors import ConfigError
from flowkit.transport.endpoint import Endpoint
from flowkit.transport.failures import CONNECT_TIMEOUT

if TYPE_CHECKING:
    from flowkit_api.types import Request

KEEPALIVE_EXPIRY = 60.0
POOL_TIMEOUT = 30.0


class ClientOptions(TypedDict):
    """Arguments of `httpx.Client` and `httpx.AsyncClient`."""

    verify: ssl.SSLContext
    trust_env: bool
    limits: httpx.Limits


@contextmanager
def setting_up() -> Iterator[None]:
    """Raise as a `ConfigError` what httpx says of the environment: proxies, certificates.

    Raises:
        ConfigError: no client can be set up in this environment.
    """
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        raise ConfigError(
            f"connections cannot be set up: {error}",
            hint="look at the variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE",
        ) from error


def client_options(endpoint: Endpoint, *, held: bool) -> ClientOptions:
    """Return how to set up a client.

    Args:
        endpoint: Where the client will connect to.
        held: Whether it is for calls that take long (streams, waits): these have connections of
            their own, as many as there are calls, so that they never keep a short one waiting.
    """
    limits = httpx.Limits(
        max_connections=None if held else 100,
        max_keepalive_connections=20,
        keepalive_expiry=KEEPALIVE_EXPIRY,
    )
    trust_env = not endpoint.is_loopback
    return {"verify": _ssl_context(endpoint), "trust_env": trust_env, "limits": limits}


class Link:
    """A gateway and what every request to it begins with."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._headers = httpx.Headers(
            {
                "Host": httpx.URL(endpoint.base_url).netloc.decode("ascii"),
                # Compressing costs more than the bytes do within a machine.
                "Accept-Encoding": "identity" if endpoint.is_loopback else "gzip, deflate",
                **endpoint.headers(),
            }
        )
        # Calls repeat few addresses, and parsing one is a tenth of a call within a machine.
        self._url = functools.lru_cache(maxsize=256)(httpx.URL)

    def build(self, request: Request, *, read_timeout: float) -> httpx.Request:
        """Return what httpx sends for a request."""
        headers = self._headers.copy()
        headers["Accept"] = request.accept
        if request.content_type is not None:
            headers["Content-Type"] = request.content_type
        if request.accept != "application/json":
            # Offsets count bytes as they are, and events must not wait to be compressed.
            headers["Accept-Encoding"] = "identity"
        headers.update(request.headers)
        return httpx.Request(
            request.method,
            self._url(self.endpoint.url(request.path, request.params)),
            headers=headers,
            content=request.body,
            extensions={"timeout": _timeouts(read_timeout)},
        )


def _timeouts(read: float) -> dict[str, float]:
    """Return httpx's timeouts of one request, in seconds."""
    connect = min(CONNECT_TIMEOUT, read)
    return {"connect": connect, "read": read, "write": read, "pool": POOL_TIMEOUT}


def _ssl_context(endpoint: Endpoint) -> ssl.SSLContext:
    plain = endpoint.base_url.startswith("http://")
    return _no_trust() if plain and not _has_tls_proxy(endpoint) else _trust_store()


def _has_tls_proxy(endpoint: Endpoint) -> bool:
    if endpoint.is_loopback:
        return False
    from urllib.request import getproxies

    return any(url.startswith("https://") for url in getproxies().values())


@functools.cache
def _no_trust() -> ssl.SSLContext:
    # Loading the trust store takes longer than dozens of calls, and nothing here asks it.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def _trust_store() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class Scope:
    """Within what connections can be shared: a forked child must not use its parent's."""

    @staticmethod
    def current() -> object:
        return os.getpid()

    @staticmethod
    def leave(clients: Iterable[httpx.Client]) -> None:
        """Give up the clients of another scope; the parent's ends of them stay open."""
        for client in clients:
            client.close()


class AsyncScope:
    """Within what connections can be shared: a process and an event loop."""

    @staticmethod
    def current() -> object:
        # Not above: it would cost the synchronous twin a third of its import time.
        import asyncio

        return os.getpid(), asyncio.get_running_loop()

    @staticmethod
    def leave(clients: Iterable[httpx.AsyncClient]) -> None:
        """Give up the clients of another scope; only its own event loop could close them."""
