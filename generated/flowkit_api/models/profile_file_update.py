from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ProfileFileUpdate(Model):
    """What to change; what is absent stays."""

    content: str | None = None
    mode: int | None = None
