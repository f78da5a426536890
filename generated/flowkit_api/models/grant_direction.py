from __future__ import annotations

from ..types import OpenEnum


class GrantDirection(OpenEnum):
    """`GrantDirection` of the contract."""

    GIVEN = "given"
    RECEIVED = "received"
