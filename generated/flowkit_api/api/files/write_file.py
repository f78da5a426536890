"""Upload a file in one call; it appears when it is whole.

The directories above it are made. A directory is never replaced.

Operation `write_file`: POST /v1/files:write
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    import datetime

    from ...models.file import File
    from ...types import AsyncioClient, Content, Reply, SyncClient


def request(
    *,
    body: Content,
    space: str,
    path: str,
    mode: int | None = None,
    modified_at: datetime.datetime | None = None,
    sha256: str | None = None,
    overwrite: bool | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        body: The bytes, at once or in parts.
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        mode: Permission bits; 420, which is 0644, unless given.
        modified_at: When the content was last changed; now unless given.
        sha256: SHA-256 of the content, in hexadecimal; what arrives must have it.
        overwrite: Replace a file that is there; true unless given.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="POST",
        path="/v1/files:write",
        params=present(
            ("space", space),
            ("path", path),
            ("mode", mode),
            ("modified_at", modified_at),
            ("sha256", sha256),
            ("overwrite", overwrite),
        ),
        headers={},
        body=body,
        content_type="application/octet-stream",
        accept="application/json",
        operation="write_file",
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
    body: Content,
    space: str,
    path: str,
    mode: int | None = None,
    modified_at: datetime.datetime | None = None,
    sha256: str | None = None,
    overwrite: bool | None = None,
) -> File:
    """Upload a file in one call; it appears when it is whole.

    Args:
        client: What to send with.
        body: The bytes, at once or in parts.
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        mode: Permission bits; 420, which is 0644, unless given.
        modified_at: When the content was last changed; now unless given.
        sha256: SHA-256 of the content, in hexadecimal; what arrives must have it.
        overwrite: Replace a file that is there; true unless given.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                body=body,
                space=space,
                path=path,
                mode=mode,
                modified_at=modified_at,
                sha256=sha256,
                overwrite=overwrite,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    body: Content,
    space: str,
    path: str,
    mode: int | None = None,
    modified_at: datetime.datetime | None = None,
    sha256: str | None = None,
    overwrite: bool | None = None,
) -> File:
    """Upload a file in one call; it appears when it is whole.

    Args:
        client: What to send with.
        body: The bytes, at once or in parts.
        space: The id of a volume, or of a task.
        path: The path within the space, with `/` between names.
        mode: Permission bits; 420, which is 0644, unless given.
        modified_at: When the content was last changed; now unless given.
        sha256: SHA-256 of the content, in hexadecimal; what arrives must have it.
        overwrite: Replace a file that is there; true unless given.

    Returns:
        The file.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                body=body,
                space=space,
                path=path,
                mode=mode,
                modified_at=modified_at,
                sha256=sha256,
                overwrite=overwrite,
            )
        )
    )
