"""Send the next bytes of an upload.

What has arrived of a call that breaks off is kept. A call that begins where the upload is
takes over from one that has not ended, which is refused then.

Operation `append_upload`: POST /v1/uploads/{upload_id}:append
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.upload import Upload
    from ...types import AsyncioClient, Content, Reply, SyncClient


def request(*, upload_id: str, body: Content, upload_offset: int) -> Request:
    """Make the request, and send nothing.

    Args:
        upload_id: The upload's id.
        body: The bytes, at once or in parts.
        upload_offset: Where in the file the body begins, which is what has arrived so far.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path=f"/v1/uploads/{path_segment(upload_id)}:append",
        params=(),
        headers=dict(present(("Upload-Offset", upload_offset))),
        body=body,
        content_type="application/octet-stream",
        accept="application/json",
        operation="append_upload",
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


def sync(*, client: SyncClient, upload_id: str, body: Content, upload_offset: int) -> Upload:
    """Send the next bytes of an upload.

    Args:
        client: What to send with.
        upload_id: The upload's id.
        body: The bytes, at once or in parts.
        upload_offset: Where in the file the body begins, which is what has arrived so far.

    Returns:
        The upload.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(upload_id=upload_id, body=body, upload_offset=upload_offset)))


async def asyncio(
    *, client: AsyncioClient, upload_id: str, body: Content, upload_offset: int
) -> Upload:
    """Send the next bytes of an upload.

    Args:
        client: What to send with.
        upload_id: The upload's id.
        body: The bytes, at once or in parts.
        upload_offset: Where in the file the body begins, which is what has arrived so far.

    Returns:
        The upload.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(request(upload_id=upload_id, body=body, upload_offset=upload_offset))
    )
