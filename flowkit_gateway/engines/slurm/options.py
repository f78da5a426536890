"""How a gateway uses its cluster: what `--slurm NAME=VALUE` says. Pure: text in, values out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from flowkit.suggestions import did_you_mean

_FLAGS = ("account", "constraint", "partition", "qos", "reservation")
_GPU = "gpu."
_MOST_JOBS = 100_000


class OptionError(Exception):
    """An option is wrong; its text says why.

    Attributes:
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a gateway uses its cluster."""

    flags: dict[str, str] = field(default_factory=dict)
    """Flags of `sbatch` for each job, behind those of the task."""
    poll: float = 1.0
    """Most seconds between two looks at the jobs."""
    max_jobs: int = 10_000
    """Most tasks that are handed to Slurm at a time."""
    max_array: int = 1000
    """Most tasks of one job array."""
    python: str | None = None
    """What runs the supervisor on a node; the system's own python3 unless given."""
    gpus: dict[str, str] = field(default_factory=dict)
    """What each GPU type of Slurm's is in the GPU grammar."""

    @property
    def partition(self) -> str | None:
        """Where jobs go that do not say it."""
        return self.flags.get("partition")


def parse_options(texts: Sequence[str]) -> Options:
    """Return the options that `NAME=VALUE` texts give; of two with one name the last is taken.

    Raises:
        OptionError: a name is unknown or a value cannot be used.

    Example:
        >>> parse_options(["partition=gpu", "gpu.tesla=v100-32gb"]).gpus
        {'tesla': 'v100-32gb'}
    """
    flags: dict[str, str] = {}
    gpus: dict[str, str] = {}
    rest: dict[str, object] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not value:
            raise OptionError(f"--slurm {text[:80]!r} gives no value", hint="write NAME=VALUE")
        if name in _FLAGS:
            flags[name] = value
        elif name.startswith(_GPU):
            gpus[name.removeprefix(_GPU)] = value
        elif name in _READERS:
            rest[name] = _READERS[name](value)
        else:
            known = (*_FLAGS, *_READERS, f"{_GPU}TYPE")
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            raise OptionError(f"--slurm has no option {name[:80]!r}", hint=hint)
    return Options(flags=flags, gpus=gpus, **rest)  # type: ignore[arg-type]  # by _READERS


def _poll(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 60:
        raise OptionError(f"--slurm poll={text[:40]} is not between 0.1 and 60 seconds")
    return seconds


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST_JOBS:
        raise OptionError(f"--slurm {name}={text[:40]} is not between 1 and {_MOST_JOBS}")
    return int(text)


_READERS = cast(
    "dict[str, Callable[[str], object]]",
    {
        "poll": _poll,
        "max_jobs": partial(_number, "max_jobs"),
        "max_array": partial(_number, "max_array"),
        "python": str,
    },
)
