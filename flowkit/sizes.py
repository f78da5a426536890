"""Sizes as people write and read them: memory as in `64gb`, files as in `1.5 MB`."""

from __future__ import annotations

import math
import re

from flowkit.errors import InvalidTaskConfig

# Memory is counted in powers of two by vendors and tools alike, so GB and GiB are one unit here.
GB_PER_UNIT: dict[str, float] = {
    "m": 1 / 1024,
    "mb": 1 / 1024,
    "mib": 1 / 1024,
    "g": 1,
    "gb": 1,
    "gib": 1,
    "t": 1024,
    "tb": 1024,
    "tib": 1024,
}

LARGEST_GB = 1_000_000

# A pattern, not a compiled one: `re` compiles it on first use and keeps it, so import stays cheap.
MEMORY_SIZE = r"([0-9]+(?:\.[0-9]+)?)([mgt](?:i?b)?)"


def parse_memory_gb(value: str | float) -> float:
    """Return a memory size in GB (of 1024 MB).

    Args:
        value: A number of GB, or text with a unit (`mb`, `gb`, `tb`, also `m g t`, `mib gib tib`);
            text without a unit is GB.

    Raises:
        InvalidTaskConfig: The unit is unknown, or the size is not a positive number.

    Example:
        >>> parse_memory_gb("512mb"), parse_memory_gb("1.5tb"), parse_memory_gb(64)
        (0.5, 1536.0, 64.0)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _invalid(value, f"a size is a number or text, not {type(value).__name__}")
    if isinstance(value, str):
        compact = "".join(value.split()).lower()
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", compact):
            compact += "gb"
        match = re.fullmatch(MEMORY_SIZE, compact)
        if match is None:
            raise _invalid(value, "not a size")
        gigabytes = float(match[1]) * GB_PER_UNIT[match[2]]
    else:
        try:
            gigabytes = float(value)
        except OverflowError:
            gigabytes = math.inf
    if not 0 < gigabytes <= LARGEST_GB:
        raise _invalid(value, f"a size is more than 0, and at most {LARGEST_GB} GB")
    return gigabytes


def format_bytes(size: int) -> str:
    """Return a size of files in the largest unit that leaves a whole number before the point.

    Units are powers of ten, as disks and networks count.

    Example:
        >>> format_bytes(0), format_bytes(999), format_bytes(1_500_000), format_bytes(10**12)
        ('0 B', '999 B', '1.5 MB', '1.0 TB')
    """
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        # Not 1000.0 kB, which is what 999,960 bytes round to.
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def _other(value: object) -> str:
    # Only what is short for sure: an integer may have more digits than Python prints.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return repr(value)
    return f"of type {type(value).__name__}"


def _invalid(value: object, problem: str) -> InvalidTaskConfig:
    shown = repr(value)[:60] if isinstance(value, str | float) else _other(value)
    return InvalidTaskConfig(
        f"invalid memory size {shown}: {problem}",
        hint="write it as 64gb, 512mb or 1.5tb; a bare number is GB",
    )
