from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class TaskSecret(Model):
    """A secret and how the task is handed it, as a variable, a file or both.

    Attributes:
        env: Name of the variable; that of the secret unless this or `file` is given.
        file: Path of the file, relative to the task's home.
    """

    name: str
    env: str | None = None
    file: str | None = None
