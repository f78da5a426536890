"""List what a task can run on.

Ordered by price, then by GPU memory, then by name.

Operation `list_instance_types`: GET /v1/instance_types
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.instance_type_page import InstanceTypePage
    from ...types import AsyncioClient, Reply, SyncClient


def request(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    gpu_type: str | None = None,
    min_gpu_memory_gb: float | None = None,
    max_price_per_hour: int | None = None,
    region: str | None = None,
) -> Request:
    """Make the request, and send nothing.

    Args:
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        gpu_type: A GPU model or a GPU request in the shorthand grammar (`a100`,
            `a100-80gb:4`).
        min_gpu_memory_gb: Least memory of one GPU.
        max_price_per_hour: Highest price of one hour, in minor units of the gateway's
            currency.
        region:

    Returns:
        The request.
    """
    return Request(
        method="GET",
        path="/v1/instance_types",
        params=present(
            ("page_size", page_size),
            ("page_token", page_token),
            ("gpu_type", gpu_type),
            ("min_gpu_memory_gb", min_gpu_memory_gb),
            ("max_price_per_hour", max_price_per_hour),
            ("region", region),
        ),
        headers={},
        body=None,
        content_type=None,
        accept="application/json",
        operation="list_instance_types",
    )


def parse(reply: Reply) -> InstanceTypePage:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        One page.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.instance_type_page import InstanceTypePage

    return decode(reply.content, InstanceTypePage)


def sync(
    *,
    client: SyncClient,
    page_size: int | None = None,
    page_token: str | None = None,
    gpu_type: str | None = None,
    min_gpu_memory_gb: float | None = None,
    max_price_per_hour: int | None = None,
    region: str | None = None,
) -> InstanceTypePage:
    """List what a task can run on.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        gpu_type: A GPU model or a GPU request in the shorthand grammar (`a100`,
            `a100-80gb:4`).
        min_gpu_memory_gb: Least memory of one GPU.
        max_price_per_hour: Highest price of one hour, in minor units of the gateway's
            currency.
        region:

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
                gpu_type=gpu_type,
                min_gpu_memory_gb=min_gpu_memory_gb,
                max_price_per_hour=max_price_per_hour,
                region=region,
            )
        )
    )


async def asyncio(
    *,
    client: AsyncioClient,
    page_size: int | None = None,
    page_token: str | None = None,
    gpu_type: str | None = None,
    min_gpu_memory_gb: float | None = None,
    max_price_per_hour: int | None = None,
    region: str | None = None,
) -> InstanceTypePage:
    """List what a task can run on.

    Args:
        client: What to send with.
        page_size: Most items of one page; 100 unless given.
        page_token: The `next_page_token` of the page before.
        gpu_type: A GPU model or a GPU request in the shorthand grammar (`a100`,
            `a100-80gb:4`).
        min_gpu_memory_gb: Least memory of one GPU.
        max_price_per_hour: Highest price of one hour, in minor units of the gateway's
            currency.
        region:

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
                gpu_type=gpu_type,
                min_gpu_memory_gb=min_gpu_memory_gb,
                max_price_per_hour=max_price_per_hour,
                region=region,
            )
        )
    )
