"""Delete a file or a directory.

Operation `delete_file`: DELETE /v1/files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, present

if TYPE_CHECKING:
    from ...types import AsyncioClient, SyncClient


def request(*, space: str, path: str, recursive: bool | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        recursive: Also delete a directory that is not empty.

    Returns:
        The request.
    """
    return Request(
        method="DELETE",
        path="/v1/files",
        params=present(("space", space), ("path", path), ("recursive", recursive)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="delete_file",
    )


def sync(*, client: SyncClient, space: str, path: str, recursive: bool | None = None) -> None:
    """Delete a file or a directory.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        recursive: Also delete a directory that is not empty.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    client.send(request(space=space, path=path, recursive=recursive))


async def asyncio(
    *, client: AsyncioClient, space: str, path: str, recursive: bool | None = None
) -> None:
    """Delete a file or a directory.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        recursive: Also delete a directory that is not empty.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    await client.send(request(space=space, path=path, recursive=recursive))
