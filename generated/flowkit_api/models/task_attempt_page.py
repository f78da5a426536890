from __future__ import annotations

import attrs

from ..codec import Model
from .task_attempt import TaskAttempt


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskAttemptPage(Model):
    """`TaskAttemptPage` of the contract."""

    items: list[TaskAttempt]
    next_page_token: str | None = None
