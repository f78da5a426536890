"""Describe a file or a directory.

Operation `stat_file`: GET /v1/files:stat
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.file import File
    from ...models.file_area import FileArea
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    checksum: bool | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The root unless given.
        checksum: Also compute the SHA-256 of a file.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/files:stat",
        params=present(("space", space), ("area", area), ("path", path), ("checksum", checksum)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="stat_file",
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


def sync(
    *,
    client: SyncClient,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    checksum: bool | None = None,
) -> File:
    """Describe a file or a directory.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The root unless given.
        checksum: Also compute the SHA-256 of a file.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(space=space, area=area, path=path, checksum=checksum)))


async def asyncio(
    *,
    client: AsyncioClient,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    checksum: bool | None = None,
) -> File:
    """Describe a file or a directory.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The root unless given.
        checksum: Also compute the SHA-256 of a file.

    Returns:
        The file.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(space=space, area=area, path=path, checksum=checksum)))
