from __future__ import annotations

import attrs

from ..codec import Model
from .task import Task


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskBatch(Model):
    """`TaskBatch` of the contract."""

    items: list[Task]
