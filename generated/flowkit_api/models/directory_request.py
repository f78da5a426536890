from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class DirectoryRequest(Model):
    """`DirectoryRequest` of the contract."""

    space: str
    path: str
