"""Describe the gateway, its engine and its limits.

Operation `get_server`: GET /v1/server
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request

if TYPE_CHECKING:
    from ...models.server import Server
    from ...types import AsyncioClient, Reply, SyncClient


def request() -> Request:
    """Make the request, and send nothing.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/server",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_server",
    )


def parse(reply: Reply) -> Server:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The gateway.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.server import Server

    return decode(reply.content, Server)


def sync(*, client: SyncClient) -> Server:
    """Describe the gateway, its engine and its limits.

    Args:
        client: What to send with.

    Returns:
        The gateway.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request()))


async def asyncio(*, client: AsyncioClient) -> Server:
    """Describe the gateway, its engine and its limits.

    Args:
        client: What to send with.

    Returns:
        The gateway.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request()))
