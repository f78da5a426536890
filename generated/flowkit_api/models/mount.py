from __future__ import annotations

import attrs

from ..codec import Model
from .volume_interface import VolumeInterface


@attrs.define(kw_only=True, slots=False, repr=False)
class Mount(Model):
    """Data that a task sees at a path.

    Attributes:
        target: Absolute path at which the task sees it.
        source: `volume://NAME-OR-ID[/PATH]`, `task://ID[/PATH]` for outputs of an earlier task,
            `snapshot://ID[/PATH]`, `file:///PATH` on the machine of an embedded gateway, or
            `s3://`, `gs://`, `az://`, `https://`. All but volumes are mounted read-only.
        read_only: What is in a volume cannot be changed through it.
        secret: Name of the secret with variables to sign in with, a `NAME=VALUE` a line.
        create_size_gb: Create the volume with this size when there is none of its name.
        create_interface: `block` is used by one task at a time, `file` by many.
    """

    target: str
    source: str
    read_only: bool | None = None
    secret: str | None = None
    create_size_gb: int | None = None
    create_interface: VolumeInterface | None = None
