"""One wrong input, and all that comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """A command line that is wrong, or whose surroundings are.

    `{root}` stands for the directory that holds `home/` (its `FLOWKIT_HOME`) and `work/` (where it
    runs), and `{url}` for a gateway that serves.
    """

    arguments: Sequence[str]
    error: str | re.Pattern[str]
    """What stands in the only line of the error after `flowkit: error: `."""
    hint: str | re.Pattern[str] | None
    code: int = 2
    files: Mapping[str, str | bytes] = {}
    """Files that are there before, by their place below `{root}`."""
    environment: Mapping[str, str | None] = {}
    """Variables; None takes one away."""
    prepare: Callable[[Path], object] | None = None
    """What else to do to `{root}`."""
    stdin: str = "/dev/null"
    stdout: str | None = None
    """Where stdout goes; it must stay empty unless given."""
    cwd_vanishes: bool = False
    unprivileged: bool = False
    """Run as nobody, whom permissions stop; root they would not."""
    needs_root: bool = False
    """Whether nobody else can set it up."""
    missing: Sequence[str] = ()
    """Packages that are not installed."""
    served: bool = False
    """Whether it is the gateway at `{url}` that refuses."""
    leaves: Sequence[str] = ()
    """What may be there afterwards."""


def name_of(row: Row) -> str:
    """Return what a test of the row is called."""
    words = " ".join(row.arguments).encode("unicode_escape").decode()[:60]
    return words or "nothing"
