"""Remove what is old and used by nothing, or say what would go.

Workspaces of finished tasks, snapshots and cached data. What a task that has not ended
uses, or another thing that stays, is never collected; outputs are not either.

Operation `collect_garbage`: POST /v1/server:collect_garbage
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.garbage_collection import GarbageCollection
    from ...models.garbage_report import GarbageReport
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: GarbageCollection) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/server:collect_garbage",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="collect_garbage",
    )


def parse(reply: Reply) -> GarbageReport:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        What went, or would go.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.garbage_report import GarbageReport

    return decode(reply.content, GarbageReport)


def sync(*, client: SyncClient, body: GarbageCollection) -> GarbageReport:
    """Remove what is old and used by nothing, or say what would go.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        What went, or would go.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body)))


async def asyncio(*, client: AsyncioClient, body: GarbageCollection) -> GarbageReport:
    """Remove what is old and used by nothing, or say what would go.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        What went, or would go.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body)))
