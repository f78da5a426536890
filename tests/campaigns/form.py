"""The form in which campaigns run: short in each test run, full on demand."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def sized(*, short: T, full: T) -> T:
    """Return the one of two sizes that `FLOWKIT_CAMPAIGN` asks for: `short` (default) or `full`."""
    form = os.environ.get("FLOWKIT_CAMPAIGN", "short")
    return {"short": short, "full": full}[form]


def seed() -> int:
    """Return what the campaign's random numbers begin with; `FLOWKIT_CAMPAIGN_SEED` changes it."""
    return int(os.environ.get("FLOWKIT_CAMPAIGN_SEED", "20261122"))
