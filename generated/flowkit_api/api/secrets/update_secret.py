"""Replace a secret's value.

Operation `update_secret`: PATCH /v1/secrets/{secret_name}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.secret import Secret
    from ...models.secret_update import SecretUpdate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, secret_name: str, body: SecretUpdate) -> Request:
    """Make the request, and send nothing.

    Args:
        secret_name: The secret's name.
        body: What to send.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="PATCH",
        path=f"/v1/secrets/{path_segment(secret_name)}",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="update_secret",
    )


def parse(reply: Reply) -> Secret:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The secret, without its value.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.secret import Secret

    return decode(reply.content, Secret)


def sync(*, client: SyncClient, secret_name: str, body: SecretUpdate) -> Secret:
    """Replace a secret's value.

    Args:
        client: What to send with.
        secret_name: The secret's name.
        body: What to send.

    Returns:
        The secret, without its value.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(secret_name=secret_name, body=body)))


async def asyncio(*, client: AsyncioClient, secret_name: str, body: SecretUpdate) -> Secret:
    """Replace a secret's value.

    Args:
        client: What to send with.
        secret_name: The secret's name.
        body: What to send.

    Returns:
        The secret, without its value.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(secret_name=secret_name, body=body)))
