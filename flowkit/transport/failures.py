"""What httpx raises, in flowkit's words."""

from __future__ import annotations

import os
import re
import ssl

import httpx

from flowkit.errors import APIConnectionError, APITimeout, FlowError, InvalidResponse
from flowkit.transport.endpoint import Endpoint

CONNECT_TIMEOUT = 5.0

FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
"""Everything that httpx raises of its own."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures of a call that the gateway has certainly not seen."""


def failure(error: Exception, endpoint: Endpoint) -> FlowError:
    """Return the error that one of `FAILURES` means, with it as the cause."""
    mapped = _failure(error, endpoint)
    mapped.__cause__ = error
    return mapped


def _failure(error: Exception, endpoint: Endpoint) -> FlowError:
    url = endpoint.base_url
    if isinstance(error, httpx.PoolTimeout):
        return APITimeout(
            "all connections to the gateway are busy", hint="make fewer calls at the same time"
        )
    if isinstance(error, httpx.ConnectTimeout):
        return APITimeout(
            f"no connection to the gateway at {url} in time",
            hint=_reach_hint(endpoint),
        )
    if isinstance(error, httpx.TimeoutException):
        return APITimeout(
            f"the gateway at {url} did not answer in time", hint="raise `timeout`, or try again"
        )
    if isinstance(error, httpx.ConnectError):
        return APIConnectionError(
            f"cannot reach the gateway at {url}: {_reason(error)}", hint=_reach_hint(endpoint)
        )
    if isinstance(error, httpx.DecodingError):
        return InvalidResponse(f"the gateway's answer cannot be decoded: {_reason(error)}")
    return APIConnectionError(f"the connection to the gateway at {url} broke: {_reason(error)}")


def _reach_hint(endpoint: Endpoint) -> str:
    if endpoint.is_loopback:
        return "is it running? `flowkit gateway serve` starts one; `flowkit config` shows the URL"
    from urllib.request import getproxies

    if getproxies():
        return "check the URL, the network, and the proxy that HTTP_PROXY or HTTPS_PROXY names"
    return "check the URL and the network; `flowkit config` shows where the URL comes from"


def _reason(error: BaseException) -> str:
    """Return the operating system's word if there is one: httpx's own is often empty."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):  # its numbers are not the system's
            return str(cause)
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    # A name that cannot be looked up has a number of the resolver's own, which says nothing.
    return re.sub(r"^\[Errno -?[0-9]+\] ", "", str(error)) or type(error).__name__
