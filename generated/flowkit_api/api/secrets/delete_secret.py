"""Delete a secret.

Operation `delete_secret`: DELETE /v1/secrets/{secret_name}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


def request(*, secret_name: str) -> Request:
    """Make the request, and send nothing.

    Args:
        secret_name: The secret's name.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="DELETE",
        path=f"/v1/secrets/{path_segment(secret_name)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_secret",
    )


def sync(*, client: SyncClient, secret_name: str) -> None:
    """Delete a secret.

    Args:
        client: What to send with.
        secret_name: The secret's name.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(secret_name=secret_name))


async def asyncio(*, client: AsyncioClient, secret_name: str) -> None:
    """Delete a secret.

    Args:
        client: What to send with.
        secret_name: The secret's name.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(secret_name=secret_name))
