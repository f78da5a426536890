"""What a volume handle shows of its volume, and what people write to name one."""

from __future__ import annotations

import re
from datetime import datetime

from flowkit_api.models.volume import Volume as VolumeData
from flowkit_api.models.volume_interface import VolumeInterface
from flowkit_api.models.volume_permission import VolumePermission

from flowkit.errors import VolumeNotFound
from flowkit.handle_fields import Field
from flowkit.volume_values import VOLUME_NAME


class VolumeFields:
    """The fields of a volume as they were when the gateway last told them.

    Attributes:
        data: All of them, as the contract has them.
    """

    __slots__ = ("data",)

    def __init__(self, data: VolumeData) -> None:
        self.data = data

    id = Field[str]()
    name = Field[str | None]()
    project = Field[str]()
    created_by = Field[str | None]()
    size_gb = Field[int]()
    interface = Field[VolumeInterface]()
    region = Field[str]()
    permission = Field[VolumePermission]()
    cloneable = Field[bool]()
    access = Field[VolumePermission]()
    grant_id = Field[str | None]()
    created_at = Field[datetime]()

    @property
    def volume_id(self) -> str:
        """The same as `id`."""
        return self.data.id

    @property
    def task_ids(self) -> list[str]:
        """Tasks of the caller's project that have not ended and use it."""
        return self.data.task_ids or []

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are present, as JSON has them."""
        return self.data.to_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VolumeFields) and self.data.id == other.data.id

    def __hash__(self) -> int:
        return hash(self.data.id)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name is not None else ""
        return f"<{type(self).__name__} {self.id}{name} {self.size_gb} GB>"


def volume_reference(volume: str | VolumeFields) -> str:
    """Return the id or name that a volume is given by.

    Raises:
        VolumeNotFound: the text cannot be either.

    Example:
        >>> volume_reference("datasets")
        'datasets'
    """
    if isinstance(volume, VolumeFields):
        return volume.id
    if isinstance(volume, str) and re.fullmatch(VOLUME_NAME, volume):
        return volume
    shown = repr(volume[:80]) if isinstance(volume, str) else f"of type {type(volume).__name__}"
    raise VolumeNotFound(
        f"there is no volume {shown}",
        status=404,
        hint="give its name, or its id, which is vol_ and 26 letters or digits",
    )
