"""When what can be reserved is free. Pure: times in, times out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Span = tuple[float, float]
"""Begin and end, Unix times; the end is not a part of it."""


class Reservable(NamedTuple):
    """An instance type as it can be reserved, in units: GPUs, or whole machines of a cluster."""

    instance_type: str
    units: tuple[str, ...]
    """All that there are."""
    simulated: bool
    units_each: int = 1
    """Units that one instance takes."""
    instances_each: int = 1
    """Instances that one unit holds, where it takes one."""

    def units_of(self, quantity: int) -> int:
        """Return how many units hold so many instances."""
        return math.ceil(quantity / self.instances_each) * self.units_each

    def instances_in(self, units: int) -> int:
        """Return how many instances so many units hold."""
        return units // self.units_each * self.instances_each


class Slot(NamedTuple):
    """A time throughout which instances are free."""

    start_at: float
    end_at: float
    quantity: int


class Calendar:
    """When units are taken.

    Args:
        reserved: units with the time for which they are reserved.
        busy_until: when units are free again that something runs on.

    Example:
        >>> calendar = Calendar([(("a", "b"), (10.0, 20.0))], {"a": 5.0})
        >>> calendar.free(["a", "b"], (0.0, 10.0))
        ['b']
        >>> calendar.slots(Reservable("1xa100", ("a", "b"), False), 1, (0.0, 30.0))
        [Slot(start_at=0.0, end_at=10.0, quantity=1), Slot(start_at=20.0, end_at=30.0, quantity=2)]
    """

    def __init__(
        self, reserved: Iterable[tuple[Collection[str], Span]], busy_until: Mapping[str, float]
    ) -> None:
        self._taken: dict[str, list[Span]] = {
            unit: [(-math.inf, until)] for unit, until in busy_until.items()
        }
        for units, span in reserved:
            for unit in units:
                self._taken.setdefault(unit, []).append(span)

    def free(self, units: Iterable[str], span: Span) -> list[str]:
        """Return those of some units that are free throughout a time."""
        return [unit for unit in units if _is_free(self._taken.get(unit, ()), span)]

    def slots(self, wanted: Reservable, quantity: int, within: Span) -> list[Slot]:
        """Return the longest times throughout which so many instances are free, in order.

        Args:
            wanted: what is to be free.
            quantity: how many instances.
            within: the time that is looked at.
        """
        # Units that are taken at the same times are alike: there are few kinds of them.
        kinds = Counter(tuple(self._taken.get(unit, ())) for unit in wanted.units)
        pieces = list(pairwise(_times(kinds, within)))
        free = [{spans for spans in kinds if _is_free(spans, piece)} for piece in pieces]
        slots: list[Slot] = []
        for first, (begin, end) in enumerate(pieces):
            throughout = free[first]
            if _count(kinds, throughout) < wanted.units_of(quantity):
                continue
            for piece, also in zip(pieces[first + 1 :], free[first + 1 :], strict=True):
                if _count(kinds, throughout & also) < wanted.units_of(quantity):
                    break
                throughout, end = throughout & also, piece[1]
            if not slots or end > slots[-1].end_at:
                found = wanted.instances_in(_count(kinds, throughout))
                slots.append(Slot(begin, end, found))
        return slots


_Kind = tuple[Span, ...]


def _times(kinds: Iterable[_Kind], within: Span) -> list[float]:
    changes = {time for spans in kinds for span in spans for time in span}
    return sorted({*within, *(time for time in changes if within[0] < time < within[1])})


def _is_free(spans: Sequence[Span], wanted: Span) -> bool:
    return all(end <= wanted[0] or begin >= wanted[1] for begin, end in spans)


def _count(kinds: Counter[_Kind], chosen: Iterable[_Kind]) -> int:
    return sum(kinds[kind] for kind in chosen)
