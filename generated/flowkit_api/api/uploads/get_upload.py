"""Say how much of an upload has arrived.

Operation `get_upload`: GET /v1/uploads/{upload_id}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment

if TYPE_CHECKING:
    from ...models.upload import Upload
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, upload_id: str) -> Request:
    """Make the request, and send nothing.

    Args:
        upload_id: The upload's id.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/uploads/{path_segment(upload_id)}",
        params=(),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="get_upload",
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


def sync(*, client: SyncClient, upload_id: str) -> Upload:
    """Say how much of an upload has arrived.

    Args:
        client: What to send with.
        upload_id: The upload's id.

    Returns:
        The upload.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(upload_id=upload_id)))


async def asyncio(*, client: AsyncioClient, upload_id: str) -> Upload:
    """Say how much of an upload has arrived.

    Args:
        client: What to send with.
        upload_id: The upload's id.

    Returns:
        The upload.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(upload_id=upload_id)))
