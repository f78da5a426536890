from __future__ import annotations

import attrs

from ..codec import Model
from .task_status import TaskStatus


@attrs.define(kw_only=True, slots=False, repr=False)
class LogEnd(Model):
    """The last event of a followed log.

    Attributes:
        attempt: Which one has ended.
    """

    offset: int
    status: TaskStatus
    attempt: int | None = None
