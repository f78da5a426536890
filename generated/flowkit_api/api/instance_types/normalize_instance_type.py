"""Turn a number of GPUs into an instance type and a number of instances.

Operation `normalize_instance_type`: POST /v1/instance_types:normalize
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request

if TYPE_CHECKING:
    from ...models.instance_type_request import InstanceTypeRequest
    from ...models.normalized_instance_type import NormalizedInstanceType
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: InstanceTypeRequest) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/instance_types:normalize",
        params=(),
        headers={},
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="normalize_instance_type",
    )


def parse(reply: Reply) -> NormalizedInstanceType:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        What to ask for.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.normalized_instance_type import NormalizedInstanceType

    return decode(reply.content, NormalizedInstanceType)


def sync(*, client: SyncClient, body: InstanceTypeRequest) -> NormalizedInstanceType:
    """Turn a number of GPUs into an instance type and a number of instances.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        What to ask for.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body)))


async def asyncio(*, client: AsyncioClient, body: InstanceTypeRequest) -> NormalizedInstanceType:
    """Turn a number of GPUs into an instance type and a number of instances.

    Args:
        client: What to send with.
        body: What to send.

    Returns:
        What to ask for.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body)))
