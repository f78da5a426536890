"""Create a volume.

Operation `create_volume`: POST /v1/volumes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.volume import Volume
    from ...models.volume_create import VolumeCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: VolumeCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/volumes",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_volume",
    )


def parse(reply: Reply) -> Volume:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The volume.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.volume import Volume

    return decode(reply.content, Volume)


def sync(*, client: SyncClient, body: VolumeCreate, idempotency_key: str | None = None) -> Volume:
    """Create a volume.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The volume.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: VolumeCreate, idempotency_key: str | None = None
) -> Volume:
    """Create a volume.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The volume.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
