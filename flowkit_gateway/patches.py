"""What a PATCH changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flowkit_gateway.contract import invalid
from flowkit_gateway.problems import Detail


def changes_of(body: Mapping[str, object], cleared: Mapping[str, object]) -> dict[str, object]:
    """Return what a PATCH sets, and what it clears by naming it in `clear`.

    Args:
        body: the valid document.
        cleared: the values that fields have which can be cleared, once they are.

    Raises:
        InvalidRequest: a field is both set and cleared.

    Example:
        >>> changes_of({"priority": 1, "clear": ["name"]}, {"name": None})
        {'priority': 1, 'name': None}
    """
    names = cast("list[str]", body.get("clear", []))
    both = [
        Detail(f"/body/clear/{place}", f"`{name}` is both set and cleared")
        for place, name in enumerate(names)
        if name in body
    ]
    if both:
        raise invalid(both)
    given = {name: value for name, value in body.items() if name != "clear"}
    return {**given, **{name: cleared[name] for name in names}}
