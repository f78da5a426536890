"""List a directory, in the order of paths.

Operation `list_files`: GET /v1/files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.file_area import FileArea
    from ...models.file_page import FilePage
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    recursive: bool | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The directory, or the file that alone is listed; the root unless given.
        recursive: Also list what is in directories below.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/files",
        params=present(
            ("page_size", page_size),
            ("page_token", page_token),
            ("space", space),
            ("area", area),
            ("path", path),
            ("recursive", recursive),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_files",
    )


def parse(reply: Reply) -> FilePage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.file_page import FilePage

    return decode(reply.content, FilePage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    recursive: bool | None = None,
) -> FilePage:
    """List a directory, in the order of paths.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The directory, or the file that alone is listed; the root unless given.
        recursive: Also list what is in directories below.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                page_size=page_size,
                page_token=page_token,
                space=space,
                area=area,
                path=path,
                recursive=recursive,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    space: str,
    area: FileArea | None = None,
    path: str | None = None,
    recursive: bool | None = None,
) -> FilePage:
    """List a directory, in the order of paths.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The directory, or the file that alone is listed; the root unless given.
        recursive: Also list what is in directories below.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                page_size=page_size,
                page_token=page_token,
                space=space,
                area=area,
                path=path,
                recursive=recursive,
            )
        )
    )
