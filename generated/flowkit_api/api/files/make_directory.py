"""Make a directory, and those above it.

Operation `make_directory`: POST /v1/files:mkdir
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.directory_request import DirectoryRequest
    from ...models.file import File
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: DirectoryRequest) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/files:mkdir",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="make_directory",
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


def sync(*, client: SyncClient, body: DirectoryRequest) -> File:
    """Make a directory, and those above it.

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


async def asyncio(*, client: AsyncioClient, body: DirectoryRequest) -> File:
    """Make a directory, and those above it.

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
