"""What an operation asks of a client, what it is answered, and how values go into a URL."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from typing import Self

    Scalar = str | int | float | datetime.datetime
    Content = bytes | Iterable[bytes] | AsyncIterable[bytes]


class Request(NamedTuple):
    """One call of an operation, ready to be sent."""

    method: str
    path: str  # percent-encoded, from `/v1`
    params: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: Content | None
    content_type: str | None
    accept: str
    operation: str  # the contract's operationId

    def __repr__(self) -> str:
        """Leave out what may hold secrets: parameters, headers and body."""
        return f"Request({self.operation!r}, {self.method!r}, {self.path!r})"


class Reply(NamedTuple):
    """The successful answer to a request."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        """Leave out what may hold secrets: headers and content."""
        return f"Reply({self.status}, {len(self.content)} bytes)"


class SyncClient(Protocol):
    """Sends requests; raises for every answer that is not a success."""

    def send(self, request: Request) -> Reply: ...

    def stream(self, request: Request) -> AbstractContextManager[Iterator[bytes]]: ...


class AsyncioClient(Protocol):
    """Sends requests from asyncio; raises for every answer that is not a success."""

    async def send(self, request: Request) -> Reply: ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class OpenEnum(StrEnum):
    """An enum that keeps a value which a newer gateway has added, instead of refusing it.

    Such a value equals its text, is not among the listed members, and can be copied and pickled.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value.upper()
        member._value_ = value
        return member

    def __reduce_ex__(self, proto: object) -> tuple[type[Self], tuple[str]]:
        # Up to Python 3.11.2 an enum is copied by its member's name, which only listed ones have.
        return type(self), (self.value,)


def path_segment(value: str) -> str:
    """Percent-encode one segment of a path.

    Args:
        value: The segment's text.

    Returns:
        The text as it may stand between two slashes.

    Raises:
        ValueError: The text is empty or dots, and would name another path.
    """
    from urllib.parse import quote

    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be part of a path")
    return quote(value, safe="")


def present(
    *pairs: tuple[str, Scalar | Sequence[Scalar] | None],
) -> tuple[tuple[str, str], ...]:
    """Write parameters as text; an absent one is left out, a list is repeated.

    Args:
        pairs: Names, each with its value or None.

    Returns:
        Names, each with one text.

    Raises:
        ValueError: A time has no time zone.
    """
    written: list[tuple[str, str]] = []
    for name, value in pairs:
        if value is None:
            continue
        values = value if isinstance(value, (list, tuple)) else (value,)
        written.extend((name, _text(name, item)) for item in values)
    return tuple(written)


def _text(name: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if value.tzinfo is None:
        raise ValueError(f"{name} needs a time zone: {value.isoformat()}")
    from datetime import UTC

    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
