"""Answer when all cases of a sweep have ended, or after a timeout.

The answer is the sweep as it is then; look at its status to tell which it was.

Operation `wait_sweep`: GET /v1/sweeps/{sweep_id}:wait
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.sweep import Sweep
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, sweep_id: str, timeout: float | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        sweep_id: The sweep's id.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/sweeps/{path_segment(sweep_id)}:wait",
        params=present(("timeout", timeout)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="wait_sweep",
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


def sync(*, client: SyncClient, sweep_id: str, timeout: float | None = None) -> Sweep:
    """Answer when all cases of a sweep have ended, or after a timeout.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The sweep.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(sweep_id=sweep_id, timeout=timeout)))


async def asyncio(*, client: AsyncioClient, sweep_id: str, timeout: float | None = None) -> Sweep:
    """Answer when all cases of a sweep have ended, or after a timeout.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        timeout: Longest time to hold the answer, in seconds.

    Returns:
        The sweep.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(sweep_id=sweep_id, timeout=timeout)))
