"""Invite a user or a project to use a volume.

Operation `create_grant`: POST /v1/grants
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.grant import Grant
    from ...models.grant_create import GrantCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: GrantCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/grants",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_grant",
    )


def parse(reply: Reply) -> Grant:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The invitation.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.grant import Grant

    return decode(reply.content, Grant)


def sync(*, client: SyncClient, body: GrantCreate, idempotency_key: str | None = None) -> Grant:
    """Invite a user or a project to use a volume.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The invitation.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: GrantCreate, idempotency_key: str | None = None
) -> Grant:
    """Invite a user or a project to use a volume.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The invitation.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
