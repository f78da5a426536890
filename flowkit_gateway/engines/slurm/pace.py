"""How often Slurm is asked: soon after something has happened, then ever more rarely."""

from __future__ import annotations

import asyncio

_SOONEST = 1 / 8
"""Part of the longest interval that the first one after something has happened takes."""
_GROWTH = 1.5
_MOST_OF_THE_TIME = 1 / 3
"""Part of the time that slurmctld may be kept busy with our questions."""
_AFTER_FAILURE = 3.0


class Pace:
    """Waits between two questions.

    Args:
        longest: most seconds between two of them while there is something to follow.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._interval = longest
        self._least = 0.0
        self._awake = asyncio.Event()

    def hurry(self) -> None:
        """Take note that something has happened, after which more is likely to."""
        self._interval = self._longest * _SOONEST
        self._awake.set()

    def answered(self, seconds: float) -> None:
        """Take note of how long an answer took."""
        self._least = seconds / _MOST_OF_THE_TIME

    def failed(self) -> None:
        """Take note that there was no answer."""
        self._interval, self._least = self._longest, _AFTER_FAILURE

    async def wait(self, *, idle: bool) -> None:
        """Return when it is time for the next question.

        Args:
            idle: there is nothing to ask about before something happens.
        """
        if idle:
            await self._awake.wait()
        self._awake.clear()
        await asyncio.sleep(max(self._interval, self._least))
        self._interval = min(self._longest, self._interval * _GROWTH)
