"""Begin to upload a file in parts.

Operation `create_upload`: POST /v1/uploads
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.upload import Upload
    from ...models.upload_create import UploadCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: UploadCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/uploads",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_upload",
    )


def parse(reply: Reply) -> Upload:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The upload.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.upload import Upload

    return decode(reply.content, Upload)


def sync(*, client: SyncClient, body: UploadCreate, idempotency_key: str | None = None) -> Upload:
    """Begin to upload a file in parts.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The upload.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: UploadCreate, idempotency_key: str | None = None
) -> Upload:
    """Begin to upload a file in parts.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The upload.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
