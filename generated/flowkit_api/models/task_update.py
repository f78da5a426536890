from __future__ import annotations

import attrs

from ..codec import Model
from .task_clear_field import TaskClearField


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskUpdate(Model):
    """What to change; what is absent stays.

    Attributes:
        labels: Replaces all labels.
        clear: Fields to clear.
    """

    name: str | None = None
    priority: int | None = None
    labels: dict[str, str] | None = None
    clear: list[TaskClearField] | None = None
