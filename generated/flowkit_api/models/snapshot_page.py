from __future__ import annotations

import attrs

from ..codec import Model
from .snapshot import Snapshot


@attrs.define(kw_only=True, slots=False, repr=False)
class SnapshotPage(Model):
    """`SnapshotPage` of the contract."""

    items: list[Snapshot]
    next_page_token: str | None = None
