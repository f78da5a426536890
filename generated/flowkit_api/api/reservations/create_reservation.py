"""Keep machines free for the project's tasks, from a time to a time.

Tasks run in it by naming it as their `reservation`. Within the time nothing else starts on
its GPUs, nor before it what may not have ended by then: what has no `max_run_time` or one
that is too long. What runs already is not ended for it, so that GPUs on which something
may still run then cannot be reserved. Its own tasks start in it, and are ended when it
ends. Where there are not enough machines, the hint names the next times when there are.

Operation `create_reservation`: POST /v1/reservations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...codec import decode, encode
from ...types import Request, present

if TYPE_CHECKING:
    from ...models.reservation import Reservation
    from ...models.reservation_create import ReservationCreate
    from ...types import AsyncioClient, Reply, SyncClient


def request(*, body: ReservationCreate, idempotency_key: str | None = None) -> Request:
    """Make the request, and send nothing.

    Args:
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The request.
    """
    return Request(
        method="POST",
        path="/v1/reservations",
        params=(),
        headers=dict(present(("Idempotency-Key", idempotency_key))),
        body=encode(body),
        content_type="application/json",
        accept="application/json",
        operation="create_reservation",
    )


def parse(reply: Reply) -> Reservation:
    """Read a successful answer.

    Args:
        reply: What a client's `send` returned.

    Returns:
        The machines are reserved.

    Raises:
        InvalidBody: The answer is not what the contract says.
    """
    from ...models.reservation import Reservation

    return decode(reply.content, Reservation)


def sync(
    *, client: SyncClient, body: ReservationCreate, idempotency_key: str | None = None
) -> Reservation:
    """Keep machines free for the project's tasks, from a time to a time.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The machines are reserved.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(client.send(request(body=body, idempotency_key=idempotency_key)))


async def asyncio(
    *, client: AsyncioClient, body: ReservationCreate, idempotency_key: str | None = None
) -> Reservation:
    """Keep machines free for the project's tasks, from a time to a time.

    Args:
        client: What to send with.
        body: What to send.
        idempotency_key: Makes the call safe to repeat; the first answer is given again.

    Returns:
        The machines are reserved.

    Raises:
        ApiError: The gateway refused; other clients raise their own errors.
        InvalidBody: The answer is not what the contract says.
    """
    return parse(await client.send(request(body=body, idempotency_key=idempotency_key)))
