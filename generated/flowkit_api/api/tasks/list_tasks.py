"""List tasks, newest first.

Operation `list_tasks`: GET /v1/tasks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.task_page import TaskPage
    from ...models.task_status import TaskStatus
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    status: list[TaskStatus] | None = None,
    name: str | None = None,
    label: list[str] | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only tasks in one of these states.
        name: Only tasks of this name.
        label: Only tasks with these labels, each `key=value` or `key`.

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/tasks",
        params=present(
            ("page_size", page_size),
            ("page_token", page_token),
            ("status", status),
            ("name", name),
            ("label", label),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_tasks",
    )


def parse(reply: Reply) -> TaskPage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.task_page import TaskPage

    return decode(reply.content, TaskPage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    status: list[TaskStatus] | None = None,
    name: str | None = None,
    label: list[str] | None = None,
) -> TaskPage:
    """List tasks, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only tasks in one of these states.
        name: Only tasks of this name.
        label: Only tasks with these labels, each `key=value` or `key`.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(
                page_size=page_size, page_token=page_token, status=status, name=name, label=label
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    status: list[TaskStatus] | None = None,
    name: str | None = None,
    label: list[str] | None = None,
) -> TaskPage:
    """List tasks, newest first.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only tasks in one of these states.
        name: Only tasks of this name.
        label: Only tasks with these labels, each `key=value` or `key`.

    Returns:
        One page.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(
                page_size=page_size, page_token=page_token, status=status, name=name, label=label
            )
        )
    )
