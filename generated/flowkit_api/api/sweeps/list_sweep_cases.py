"""List the cases of a sweep in their order.

Operation `list_sweep_cases`: GET /v1/sweeps/{sweep_id}/cases
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, path_segment, present

if TYPE_CHECKING:
    from ...models.sweep_case_page import SweepCasePage
    from ...models.sweep_case_status import SweepCaseStatus
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    sweep_id: str,
    page_size: int | None = None,
    page_token: str | None = None,
    status: SweepCaseStatus | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        sweep_id: The sweep's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only cases in this state.

    Returns:
        The request.

    Raises:
        ValueError: An argument cannot be written into a URL.
    """
    return Request(
        method="GET",
        path=f"/v1/sweeps/{path_segment(sweep_id)}/cases",
        params=present(("page_size", page_size), ("page_token", page_token), ("status", status)),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_sweep_cases",
    )


def parse(reply: Reply) -> SweepCasePage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.sweep_case_page import SweepCasePage

    return decode(reply.content, SweepCasePage)


def sync(
    *,
    client: SyncClient,
    sweep_id: str,
    page_size: int | None = None,
    page_token: str | None = None,
    status: SweepCaseStatus | None = None,
) -> SweepCasePage:
    """List the cases of a sweep in their order.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only cases in this state.

    Returns:
        One page.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        client.send(
            request(sweep_id=sweep_id, page_size=page_size, page_token=page_token, status=status)
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    sweep_id: str,
    page_size: int | None = None,
    page_token: str | None = None,
    status: SweepCaseStatus | None = None,
) -> SweepCasePage:
    """List the cases of a sweep in their order.

    Args:
        client: What to send with.
        sweep_id: The sweep's id.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        status: Only cases in this state.

    Returns:
        One page.

    Raises:
        ValueError: An argument cannot be written into a URL.
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(
        await client.send(
            request(sweep_id=sweep_id, page_size=page_size, page_token=page_token, status=status)
        )
    )
