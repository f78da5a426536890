from __future__ import annotations

import attrs

from ..codec import Model
from .task_create import TaskCreate


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskBatchCreate(Model):
    """`TaskBatchCreate` of the contract."""

    tasks: list[TaskCreate]
