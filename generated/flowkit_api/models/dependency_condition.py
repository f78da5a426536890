from __future__ import annotations

from ..types import OpenEnum


class DependencyCondition(OpenEnum):
    """What the other task must have done: `after` it has started or ended, `afterok` it has
    completed, `afterany` it has ended in whatever way."""

    AFTER = "after"
    AFTEROK = "afterok"
    AFTERANY = "afterany"
