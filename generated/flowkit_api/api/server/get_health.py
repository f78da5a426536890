"""Say whether the gateway accepts work.

Operation `get_health`: GET /v1/health
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request

if TYPE_CHECKING:
    from ...models.health import Health
    from ...types import AsyncioClient, Reply, SyncClient


def request() -> Request:
    """Make the request, and send nothing.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/health",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_health",
    )


def parse(reply: Reply) -> Health:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The gateway accepts work.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.health import Health

    return decode(reply.content, Health)


def sync(*, client: SyncClient) -> Health:
    """Say whether the gateway accepts work.

    Args:
        client: What to send with.

    Returns:
        The gateway accepts work.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request()))


async def asyncio(*, client: AsyncioClient) -> Health:
    """Say whether the gateway accepts work.

    Args:
        client: What to send with.

    Returns:
        The gateway accepts work.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request()))
