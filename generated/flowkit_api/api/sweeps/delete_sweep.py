"""Delete a sweep that has ended; the tasks of its cases stay.

Operation `delete_sweep`: DELETE /v1/sweeps/{sweep_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


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
        method="DELETE",
        path=f"/v1/sweeps/{path_segment(sweep_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_sweep",
    )


def sync(*, client: SyncClient, sweep_id: str) -> None:
    """Delete a sweep that has ended; the tasks of its cases stay.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(sweep_id=sweep_id))


async def asyncio(*, client: AsyncioClient, sweep_id: str) -> None:
    """Delete a sweep that has ended; the tasks of its cases stay.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(sweep_id=sweep_id))
