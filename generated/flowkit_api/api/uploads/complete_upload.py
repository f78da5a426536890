"""Put a file in its place once all of it has arrived.

The directories above it are made. To repeat this is safe: a file that is in its place is
answered once more. After a refusal what has arrived is kept.

Operation `complete_upload`: POST /v1/uploads/{upload_id}:complete
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.file import File
    from ...models.upload_completion import UploadCompletion
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, upload_id: str, body: UploadCompletion) -> Request:
    """Make the request, and send nothing.

    Args:
        upload_id: The upload's id.
        body: What to send.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/uploads/{path_segment(upload_id)}:complete",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="complete_upload",
    )


def parse(reply: Reply) -> File:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The file.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.file import File

    return decode(reply.content, File)


def sync(*, client: SyncClient, upload_id: str, body: UploadCompletion) -> File:
    """Put a file in its place once all of it has arrived.

    Args:
        client: What to send with.
        upload_id: The upload's id.
        body: What to send.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(upload_id=upload_id, body=body)))


async def asyncio(*, client: AsyncioClient, upload_id: str, body: UploadCompletion) -> File:
    """Put a file in its place once all of it has arrived.

    Args:
        client: What to send with.
        upload_id: The upload's id.
        body: What to send.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(upload_id=upload_id, body=body)))
