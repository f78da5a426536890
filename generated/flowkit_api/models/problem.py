from __future__ import annotations

import attrs

from ..codec import Model
from .error_code import ErrorCode
from .problem_detail import ProblemDetail


@attrs.define(kw_only=True, slots=False, repr=False)
class Problem(Model):
    """An error (RFC 9457).

    Attributes:
        type: A name for the kind of problem.
        title: The kind of problem in words.
        code: Why a call failed. Stable; new codes may be added.
        correlation_id: Names this call in the gateway's log.
        detail: What went wrong this time.
        hint: What to do about it.
        retry_after: Seconds after which a retry may succeed.
    """

    type: str
    title: str
    status: int
    code: ErrorCode
    correlation_id: str
    detail: str | None = None
    hint: str | None = None
    retry_after: float | None = None
    details: list[ProblemDetail] | None = None
