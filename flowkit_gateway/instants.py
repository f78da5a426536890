"""Points in time as callers give them."""

from __future__ import annotations

from datetime import datetime

from flowkit_gateway.contract import invalid
from flowkit_gateway.problems import Detail


def instant(text: str, loc: str) -> datetime:
    """Return a point in time.

    Args:
        text: RFC 3339, of the form that the contract has checked.
        loc: JSON pointer of the value in its request, for errors.

    Raises:
        InvalidRequest: there is no such time.

    Example:
        >>> instant("1970-01-01t00:00:01z", "/query/since").timestamp()
        1.0
    """
    try:
        # RFC 3339 allows small letters; a leap second has no place in Unix time.
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise invalid([Detail(loc, "is not a time that exists")]) from None
