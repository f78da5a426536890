from __future__ import annotations

import attrs

from ..codec import Model
from .dependency_condition import DependencyCondition


@attrs.define(kw_only=True, slots=False, repr=False)
class Dependency(Model):
    """Another task that goes before.

    Attributes:
        task: Its id, or its name when it is submitted in the same batch.
        condition: What the other task must have done: `after` it has started or ended,
            `afterok` it has completed, `afterany` it has ended in whatever way.
    """

    task: str
    condition: DependencyCondition | None = None
