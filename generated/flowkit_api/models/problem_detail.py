from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class ProblemDetail(Model):
    """One thing that is wrong with a request.

    Attributes:
        loc: JSON pointer into the request, such as `/body/gpu/0` or `/query/page_size`.
        hint: What to do about it.
    """

    loc: str
    msg: str
    hint: str | None = None
