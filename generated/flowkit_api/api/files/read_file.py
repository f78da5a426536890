"""Download a file, or a range of its bytes.

`Range` with one range of bytes is answered with 206 (RFC 9110, 14). With `If-Match` and
the ETag of the first answer a download that was cut is taken up where it was, and
refused when the file has changed.

Operation `read_file`: GET /v1/files:read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types import Request, present

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...models.file_area import FileArea
    from ...types import AsyncioClient, SyncClient


def request(
    *,
    space: str,
    area: FileArea | None = None,
    path: str,
    range_: str | None = None,
    if_match: str | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The path within the space, with `/` between names.
        range_: One range of bytes, such as `bytes=1000-`.
        if_match: The ETag that the file must still have.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/files:read",
        params=present(("space", space), ("area", area), ("path", path)),
        headers=dict(present(("Range", range_), ("If-Match", if_match))),
        body=None,
        content_type=None,
        accept="application/octet-stream",
        operation="read_file",
    )


def stream(
    *,
    client: SyncClient,
    space: str,
    area: FileArea | None = None,
    path: str,
    range_: str | None = None,
    if_match: str | None = None,
) -> AbstractContextManager[Iterator[bytes]]:
    """Download a file, or a range of its bytes.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The path within the space, with `/` between names.
        range_: One range of bytes, such as `bytes=1000-`.
        if_match: The ETag that the file must still have.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(
        request(space=space, area=area, path=path, range_=range_, if_match=if_match)
    )


def astream(
    *,
    client: AsyncioClient,
    space: str,
    area: FileArea | None = None,
    path: str,
    range_: str | None = None,
    if_match: str | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Download a file, or a range of its bytes.

    Args:
        client: What to send with.
        space: The id of a volume, or of a task.
        area: Which files of a task; its workspace unless given.
        path: The path within the space, with `/` between names.
        range_: One range of bytes, such as `bytes=1000-`.
        if_match: The ETag that the file must still have.

    Returns:
        A context that holds the connection; it gives the body's parts as they arrive.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
    """
    return client.stream(
        request(space=space, area=area, path=path, range_=range_, if_match=if_match)
    )
