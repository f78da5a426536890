"""What the events of a stream of the contract carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flowkit_api.codec import decode
from flowkit_api.errors import InvalidBody

from flowkit.errors import InvalidResponse

if TYPE_CHECKING:
    from flowkit.transport.sse import ServerSentEvent

T = TypeVar("T")


def is_end(event: ServerSentEvent) -> bool:
    """Return whether an event says that all was sent."""
    return event.type == "end"


def document(event: ServerSentEvent, kind: type[T]) -> T:
    """Return what an event carries.

    Args:
        event: One of a stream.
        kind: The model of the contract that its data is.

    Raises:
        InvalidResponse: the data is something else.
    """
    try:
        return decode(event.data, kind)
    except InvalidBody as error:
        raise InvalidResponse(f"the gateway's stream cannot be read: {error}") from error
