"""Run a task for every combination of the values of its parameters.

The sweep is durable once this is answered, and the gateway runs it: the client may leave.
Each case is a task of its own with the label `sweep`, the sweep's id. `{NAME}` of a
parameter, unless it follows `$`, is replaced by the case's value in the words of the
command and in the values of `env`; all other braces stay. Each task also sees its
parameters as variables, with `FLOWKIT_SWEEP_ID`, `FLOWKIT_SWEEP_CASE` and
`FLOWKIT_SWEEP_PARAMETERS`, a JSON object of the values.

Operation `create_sweep`: POST /v1/sweeps
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.sweep import Sweep
    from ...models.sweep_create import SweepCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: SweepCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/sweeps",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_sweep",
    )


def parse(reply: Reply) -> Sweep:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The sweep is accepted.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.sweep import Sweep

    return decode(reply.content, Sweep)


def sync(*, client: SyncClient, body: SweepCreate, idempotency_key: str | None = None) -> Sweep:
    """Run a task for every combination of the values of its parameters.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The sweep is accepted.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: SweepCreate, idempotency_key: str | None = None
) -> Sweep:
    """Run a task for every combination of the values of its parameters.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The sweep is accepted.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
