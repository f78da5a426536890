"""Attempts that Slurm is handed as one job array: the cases of a sweep, by one `sbatch`.

They come one by one, and are gathered until all are there or none has come for a while. Slurm
holds how many of an array run at a time, and knows of no bound over several: where there is one,
arrays of the same sweep follow one another.

An array is known by its name in the comment of its jobs. Its directory is there before it is
submitted, and says which attempt each of its elements is.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.engines.engine import Array, Launch
from flowkit_gateway.engines.slurm.jobs import Key, Name

MEMBERS = "members"
"""The file with the directories of an array's attempts, a line each, in their order."""
LOG_PATTERN = "%a.log"
"""The files for what Slurm has to say of each element, as Slurm writes their names."""

_QUIET = 5.0
"""Seconds without another one after which no more attempts are waited for: some could not be made
ready, or wait for others to end."""

Submit = Callable[[Sequence[Launch]], None]
"""Takes what is to go as one array."""


class Gatherer:
    """Gathers attempts into arrays.

    Args:
        submit: takes them.
        most: most attempts of one array.
    """

    def __init__(self, submit: Submit, most: int) -> None:
        self._submit = submit
        self._most = most
        self._gathered: dict[str, list[Launch]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unfinished: Counter[str] = Counter()

    def add(self, launch: Launch, array: Array) -> None:
        """Take an attempt, which goes with the others of its array."""
        gathered = self._gathered.setdefault(array.id, [])
        gathered.append(launch)
        self._forget_timer(array.id)
        if len(gathered) + self._unfinished[array.id] >= array.size:
            self._flush(array)
        else:
            loop = asyncio.get_running_loop()
            self._timers[array.id] = loop.call_later(_QUIET, self._flush, array)

    def began(self, array_id: str) -> None:
        """Count an attempt that Slurm has, or is about to be handed."""
        self._unfinished[array_id] += 1

    def ended(self, array_id: str) -> None:
        """Count an attempt no more that has ended; the last one lets others follow."""
        self._unfinished[array_id] -= 1
        if self._unfinished[array_id] > 0:
            return
        del self._unfinished[array_id]
        gathered = self._gathered.get(array_id)
        if gathered and array_id not in self._timers and gathered[0].array is not None:
            self._flush(gathered[0].array)

    def close(self) -> None:
        """Submit nothing any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._gathered.clear()

    def _forget_timer(self, array_id: str) -> None:
        timer = self._timers.pop(array_id, None)
        if timer is not None:
            timer.cancel()

    def _flush(self, array: Array) -> None:
        self._forget_timer(array.id)
        one_by_one = array.max_running is not None
        while array.id in self._gathered and not (one_by_one and self._unfinished[array.id]):
            gathered = self._gathered.pop(array.id)
            if rest := gathered[self._most :]:
                self._gathered[array.id] = rest
            for _ in gathered[: self._most]:
                self.began(array.id)
            self._submit(gathered[: self._most])


class Element(NamedTuple):
    """What an attempt of an earlier gateway is in its array."""

    name: Name
    array_id: str


class Directories:
    """The directories of arrays.

    Args:
        root: holds them; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, array_id: str, launches: Sequence[Launch]) -> str:
        """Create the directory of a new array, and return its name.

        Raises:
            OSError: it cannot be written.
        """
        name = f"{array_id}.{secrets.token_hex(4)}"
        os.makedirs(self._root / name, 0o700)
        members = "".join(f"{launch.run_dir}\n" for launch in launches)
        made = self._root / name / f"{MEMBERS}.partial"
        made.write_text(members)
        os.rename(made, self._root / name / MEMBERS)
        return name

    def path(self, name: str) -> Path:
        """Return an array's directory."""
        return self._root / name

    def log(self, name: Name) -> Path:
        """Return the file of an element."""
        return self._root / name.comment / LOG_PATTERN.replace("%a", str(name.element))

    def names(self) -> list[str]:
        """Return the arrays that have one."""
        return os.listdir(self._root) if self._root.is_dir() else []

    def elements(self) -> Mapping[Key, Element]:
        """Return what the attempts of earlier gateways are in their arrays."""
        return dict(self._elements())

    def _elements(self) -> Iterator[tuple[Key, Element]]:
        for name in self.names():
            members = self._root / name / MEMBERS
            # One whose gateway was killed before it was submitted has none.
            lines = members.read_text().splitlines() if members.exists() else []
            for index, line in enumerate(lines):
                run_dir = Path(line)
                key = (run_dir.parent.name, int(run_dir.name))
                yield key, Element(Name(name, index), name.rpartition(".")[0])
