"""What Slurm is asked to end: many jobs by one `scancel`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from flowkit_gateway.engines.slurm.commands import SlurmError, SlurmUnreachable

_log = logging.getLogger(__name__)

_MOST_JOBS = 500
"""Of one command."""

Options = tuple[str, ...]


class Cancels:
    """Asks for the ends of jobs; what comes while it asks goes with the next command.

    Args:
        call: runs a command.
        lost: told that nobody has answered; returns once somebody does.
    """

    def __init__(
        self,
        call: Callable[..., Awaitable[str]],
        lost: Callable[[SlurmUnreachable], Awaitable[object]],
    ) -> None:
        self._call = call
        self._lost = lost
        self._jobs: dict[Options, dict[str, None]] = {}
        self._asking = False

    def add(self, jobs: Iterable[str], *options: str) -> bool:
        """Note jobs to be ended; return whether somebody has to call `ask` for that.

        Filters such as `--state` must not be among the options: of an array's elements that wait,
        Slurm 22.05 then ends all when one is named.
        """
        self._jobs.setdefault(options, {}).update(dict.fromkeys(jobs))
        return not self._asking

    async def ask(self) -> None:
        """Ask until there is nothing to ask for."""
        if self._asking:
            return
        self._asking = True
        try:
            while self._jobs:
                options, jobs = self._jobs.popitem()
                for some in _parts(list(jobs)):
                    await self._ask(options, some)
        finally:
            self._asking = False

    async def _ask(self, options: Options, jobs: list[str]) -> None:
        try:
            await self._call("scancel", *options, *jobs)
        except SlurmUnreachable as error:
            self.add(jobs, *options)
            await self._lost(error)
        except SlurmError as error:
            # Mostly of jobs that have ended meanwhile.
            _log.info("scancel: %s", error)


def _parts(jobs: list[str]) -> list[list[str]]:
    return [jobs[start : start + _MOST_JOBS] for start in range(0, len(jobs), _MOST_JOBS)]
