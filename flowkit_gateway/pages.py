"""Pages of a list and the opaque tokens between them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from flowkit_gateway.call import Call
from flowkit_gateway.contract import invalid
from flowkit_gateway.problems import Detail

T = TypeVar("T")

DEFAULT_PAGE_SIZE = 100

_QUOTED_NAME = r"(?!\.\.?(?:/|$))[A-Za-z0-9%._~-]+"
QUOTED_PATH = re.compile(f"{_QUOTED_NAME}(?:/{_QUOTED_NAME})*")
"""A path by which a list goes on, with what a URL would not have written as `%41`."""


def page_size(call: Call) -> int:
    """Return how many items the page may have."""
    return call.integer("page_size") or DEFAULT_PAGE_SIZE


def last_seen(call: Call, pattern: re.Pattern[str]) -> str | None:
    """Return where the page before ended, or None for the first page.

    Args:
        pattern: what that may look like.

    Raises:
        InvalidRequest: the token is none of this gateway's.
    """
    token = call.text("page_token")
    if token is None:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not pattern.fullmatch(text):
        hint = "Use `next_page_token` of the page before, with the same filters."
        raise invalid([Detail("/query/page_token", "is not a token of this list", hint)])
    return text


def page_document(
    rows: Sequence[T],
    size: int,
    document: Callable[[T], object],
    identity: Callable[[T], str],
) -> dict[str, object]:
    """Return a page of the contract.

    Args:
        rows: the rows of the page, and one more if there is a next page.
        size: most items of the page.
        document: makes an item of a row.
        identity: says where a page ends, for the token of the next one.
    """
    page: dict[str, object] = {"items": [document(row) for row in rows[:size]]}
    if len(rows) > size:
        token = base64.urlsafe_b64encode(identity(rows[size - 1]).encode()).rstrip(b"=")
        page["next_page_token"] = token.decode()
    return page
