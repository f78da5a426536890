"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from flowkit.errors import InvalidRequest, InvalidResponse

if TYPE_CHECKING:
    from flowkit_api.types import Reply, Request

    from flowkit.transport._async.transport import AsyncTransport

T = TypeVar("T")

LARGEST_PAGE = 1000


class Page(Protocol[T]):
    """One page of a list."""

    items: list[T]
    next_page_token: str | None


class PageRequest(Protocol):
    """An operation's `request`, its filters already given."""

    def __call__(self, *, page_size: int | None, page_token: str | None) -> Request: ...


async def listed(
    api: AsyncTransport,
    request: PageRequest,
    parse: Callable[[Reply], Page[T]],
    *,
    limit: int | None,
) -> AsyncIterator[T]:
    """Yield the items of a list, each page fetched when it is needed.

    Args:
        api: What to send with.
        request: Makes the request of a page.
        parse: The operation's `parse`.
        limit: Most items; None for all.

    Raises:
        InvalidRequest: the limit is no number of items.
        FlowError: a page could not be fetched.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidRequest(f"invalid limit {limit!r}", hint="a whole number, or None for all")
    left, token = limit, None
    while left is None or left > 0:
        size = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
        page = await api.call(request(page_size=size, page_token=token), parse)
        for item in page.items[:left]:
            yield item
        if left is not None:
            left -= len(page.items)
        if page.next_page_token is None:
            return
        if page.next_page_token == token:
            raise InvalidResponse("the gateway's list does not end: a page is its own next one")
        token = page.next_page_token
