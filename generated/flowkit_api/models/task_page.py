from __future__ import annotations

import attrs

from ..codec import Model
from .task import Task


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskPage(Model):
    """`TaskPage` of the contract."""

    items: list[Task]
    next_page_token: str | None = None
