"""Keep a file that is placed in the home of every task of the caller.

Operation `create_profile_file`: POST /v1/profile_files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.profile_file import ProfileFile
    from ...models.profile_file_create import ProfileFileCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: ProfileFileCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/profile_files",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_profile_file",
    )


def parse(reply: Reply) -> ProfileFile:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The file.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.profile_file import ProfileFile

    return decode(reply.content, ProfileFile)


def sync(
    *, client: SyncClient, body: ProfileFileCreate, idempotency_key: str | None = None
) -> ProfileFile:
    """Keep a file that is placed in the home of every task of the caller.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: ProfileFileCreate, idempotency_key: str | None = None
) -> ProfileFile:
    """Keep a file that is placed in the home of every task of the caller.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
