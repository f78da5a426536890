from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class SecretCreate(Model):
    """`SecretCreate` of the contract."""

    name: str
    value: str
