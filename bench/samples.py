"""Repeated measurements and what is said of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Samples(NamedTuple):
    """Values of one quantity, in the order in which they were measured."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def scaled(self, factor: float) -> Samples:
        """The same measurements in another unit."""
        return Samples(tuple(value * factor for value in self.values))

    def rates(self, count: int) -> Samples:
        """Turn seconds for `count` things into things per second."""
        return Samples(tuple(count / value for value in self.values))

    def ratios(self, floor: Samples) -> Samples:
        """Each value over the floor's value of the same round.

        Both of a round were measured within moments of each other, so that what else the
        machine did meanwhile is in both.
        """
        return Samples(tuple(a / b for a, b in zip(self.values, floor.values, strict=True)))

    def minus(self, floor: Samples) -> Samples:
        """Each value less the floor's value of the same round."""
        return Samples(tuple(a - b for a, b in zip(self.values, floor.values, strict=True)))


def seconds_of(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def rounds(actions: Mapping[str, Callable[[], object]], count: int) -> dict[str, Samples]:
    """Measure several actions in turn, `count` times each, in seconds.

    One uncounted round goes first: what is measured is a warm machine. The order turns with
    each round, so that no action always follows the same one.

    Args:
        actions: What to measure, by name.
        count: Measured rounds.
    """
    measured: dict[str, list[float]] = {name: [] for name in actions}
    names = list(actions)
    for number in range(count + 1):
        for name in names:
            seconds = seconds_of(actions[name])
            if number:
                measured[name].append(seconds)
        names.append(names.pop(0))
    return {name: Samples(tuple(values)) for name, values in measured.items()}


def samples(values: Sequence[float]) -> Samples:
    """Samples of values that were measured elsewhere."""
    return Samples(tuple(values))
