from __future__ import annotations

from ..types import OpenEnum


class GrantStatus(OpenEnum):
    """`GrantStatus` of the contract."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
