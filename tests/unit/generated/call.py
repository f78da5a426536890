"""A call of an operation."""

from __future__ import annotations

from typing import Any, NamedTuple


class Call(NamedTuple):
    """Arguments of an operation, and what must go over the wire for them."""

    arguments: dict[str, Any]
    wire: str
    answer: dict[str, Any] | None
    body: dict[str, Any] | bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
