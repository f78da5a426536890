"""What a volume handle shows of its volume, and what people write to name one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, TypeAlias

from flowkit_api.models.volume import Volume as VolumeData
from flowkit_api.models.volume_interface import VolumeInterface
from flowkit_api.models.volume_permission import VolumePermission

from flowkit.errors import InvalidRequest, VolumeNotFound
from flowkit.handle_fields import Field

Interface: TypeAlias = Literal["block", "file"]
Permission: TypeAlias = Literal["rw", "ro"]

VOLUME_ID = "vol_[0-9a-z]{26}"
VOLUME_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
LARGEST_GB = 1_000_000


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


def read_name(value: object) -> str:
    """Return a volume's name.

    Raises:
        InvalidRequest: it cannot be one.
    """
    if isinstance(value, str) and re.fullmatch(VOLUME_NAME, value):
        return value
    shown = repr(value[:80]) if isinstance(value, str) else f"of type {type(value).__name__}"
    raise InvalidRequest(
        f"invalid volume name {shown}",
        hint="use up to 64 letters, digits, . _ and -, and begin with a letter or digit",
    )


def read_size_gb(value: object) -> int:
    """Return a volume's size in GB.

    Raises:
        InvalidRequest: it is no whole number of GB.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_GB:
        shown = repr(value)[:60] if isinstance(value, int | float | str) else type(value).__name__
        raise InvalidRequest(
            f"invalid size_gb {shown}", hint=f"a whole number of GB from 1 to {LARGEST_GB}"
        )
    return value


def read_interface(value: object) -> VolumeInterface:
    """Return how a volume may be used.

    Raises:
        InvalidRequest: it is neither `block` nor `file`.
    """
    if value in ("block", "file"):
        return VolumeInterface(str(value))
    raise InvalidRequest(
        f"invalid interface {str(value)[:60]!r}",
        hint="block for one task at a time, file for many",
    )


def read_permission(value: object) -> VolumePermission:
    """Return what may be done with a volume.

    Raises:
        InvalidRequest: it is neither `rw` nor `ro`.
    """
    if value in ("rw", "ro"):
        return VolumePermission(str(value))
    raise InvalidRequest(
        f"invalid permission {str(value)[:60]!r}", hint="rw to read and write, ro to read only"
    )


def read_region(value: object) -> str:
    """Return a region's name.

    Raises:
        InvalidRequest: it cannot be one.
    """
    if isinstance(value, str) and 1 <= len(value) <= 64 and value.isprintable():
        return value
    raise InvalidRequest("invalid region", hint="text of 1 to 64 characters, or leave it out")
