"""What people write of a volume: its name, size, interface and permission."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from flowkit.errors import InvalidRequest

Interface: TypeAlias = Literal["block", "file"]
Permission: TypeAlias = Literal["rw", "ro"]

VOLUME_ID = "vol_[0-9a-z]{26}"
VOLUME_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
LARGEST_GB = 1_000_000
_PRINCIPAL = "user:[!-~]+|project:[a-z0-9][a-z0-9-]*"


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


def read_interface(value: object) -> Interface:
    """Return how a volume may be used.

    Raises:
        InvalidRequest: it is neither `block` nor `file`.
    """
    if value == "block":
        return "block"
    if value == "file":
        return "file"
    raise InvalidRequest(
        f"invalid interface {str(value)[:60]!r}",
        hint="block for one task at a time, file for many",
    )


def read_permission(value: object) -> Permission:
    """Return what may be done with a volume.

    Raises:
        InvalidRequest: it is neither `rw` nor `ro`.
    """
    if value == "rw":
        return "rw"
    if value == "ro":
        return "ro"
    raise InvalidRequest(
        f"invalid permission {str(value)[:60]!r}", hint="rw to read and write, ro to read only"
    )


def read_principal(value: object) -> str:
    """Return with whom something is shared.

    Raises:
        InvalidRequest: it names neither a user nor a project.
    """
    if isinstance(value, str) and len(value) <= 200 and re.fullmatch(_PRINCIPAL, value):
        return value
    shown = repr(value[:60]) if isinstance(value, str) else f"of type {type(value).__name__}"
    raise InvalidRequest(f"invalid principal {shown}", hint="as in user:ada or project:vision")


def read_region(value: object) -> str:
    """Return a region's name.

    Raises:
        InvalidRequest: it cannot be one.
    """
    if isinstance(value, str) and 1 <= len(value) <= 64 and value.isprintable():
        return value
    raise InvalidRequest("invalid region", hint="text of 1 to 64 characters, or leave it out")
