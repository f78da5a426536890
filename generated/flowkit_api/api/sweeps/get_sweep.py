"""Get a sweep and how far it is.

Operation `get_sweep`: GET /v1/sweeps/{sweep_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.sweep import Sweep
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, sweep_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        sweep_id: The sweep's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/sweeps/{path_segment(sweep_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_sweep",
    )


def parse(reply: Reply) -> Sweep:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The sweep.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.sweep import Sweep

    return decode(reply.content, Sweep)


def sync(*, client: SyncClient, sweep_id: str) -> Sweep:
    """Get a sweep and how far it is.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.

    Returns:
        The sweep.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(sweep_id=sweep_id)))


async def asyncio(*, client: AsyncioClient, sweep_id: str) -> Sweep:
    """Get a sweep and how far it is.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.

    Returns:
        The sweep.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(sweep_id=sweep_id)))
