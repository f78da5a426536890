"""Keep a value under a name.

Operation `create_secret`: POST /v1/secrets
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.secret import Secret
    from ...models.secret_create import SecretCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: SecretCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/secrets",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_secret",
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


def sync(*, client: SyncClient, body: SecretCreate, idempotency_key: str | None = None) -> Secret:
    """Keep a value under a name.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The secret, without its value.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: SecretCreate, idempotency_key: str | None = None
) -> Secret:
    """Keep a value under a name.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The secret, without its value.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
