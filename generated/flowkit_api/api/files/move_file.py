"""Move or rename a file or a directory within one space.

The directory for the target has to be there. A directory is never replaced.

Operation `move_file`: POST /v1/files:move
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.file import File
    from ...models.move_request import MoveRequest
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: MoveRequest) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/files:move",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="move_file",
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


def sync(*, client: SyncClient, body: MoveRequest) -> File:
    """Move or rename a file or a directory within one space.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body)))


async def asyncio(*, client: AsyncioClient, body: MoveRequest) -> File:
    """Move or rename a file or a directory within one space.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body)))
