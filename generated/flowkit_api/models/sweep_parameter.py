from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class SweepParameter(Model):
    """A parameter and the values that it takes.

    Attributes:
        name: Name of the variable that a case sees it as.
    """

    name: str
    values: list[str]
