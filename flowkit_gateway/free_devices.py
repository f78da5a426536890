"""What is free of devices that are alike, and who may start on it."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from operator import neg

from flowkit_gateway.engines.engine import Device

WHOLE = 1_000_000
"""Parts of one CPU or GPU. Shares are counted in whole parts: sums of floats drift, and a task
that needs all there is would wait for ever for the last 1e-16 of it."""

Shelf = str | float
"""Who may start on a device now: tasks of the reservation of this id, or whoever will have ended
by this Unix time, from which on the device is reserved; by infinity where nobody has reserved it.
"""

OPEN = math.inf


class FreeDevices:
    """The devices of one group, kept by the shelves on which they are.

    Args:
        devices: all of them, in the order in which they are to be chosen.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = devices
        self._places = {device.uuid: place for place, device in enumerate(devices)}
        self.parts = [WHOLE] * len(devices)
        """Parts of each that are free."""
        self._shelf_of: list[Shelf] = [OPEN] * len(devices)
        # Last first: the devices that are chosen first are taken from the end, at no cost.
        self._whole: dict[Shelf, list[int]] = {OPEN: list(range(len(devices) - 1, -1, -1))}
        """Places of the devices of a shelf of which nothing is held."""
        self._shared: set[int] = set()
        """Places of the devices of which a part is held."""

    def shelves(self, reservation: str | None, until: float) -> list[Shelf]:
        """Return the shelves on which a task may start, those first that fewer others may use.

        Args:
            reservation: the reservation that it runs in.
            until: Unix time by which it has ended.
        """
        if reservation is not None:
            return [reservation] if reservation in self._whole else []
        if until == OPEN:
            return [OPEN] if OPEN in self._whole else []
        return sorted(shelf for shelf in self._whole if isinstance(shelf, float) and shelf >= until)

    def put(self, uuid: str, shelf: Shelf) -> None:
        """Put a device on another shelf, whether or not something runs on it."""
        place = self._places[uuid]
        before = self._shelf_of[place]
        if self.parts[place] == WHOLE:
            self._take_off(place)
        self._shelf_of[place] = shelf
        whole = self._whole.setdefault(shelf, [])
        if self.parts[place] == WHOLE:
            insort(whole, place, key=neg)
        if not self._whole[before] and before not in self._shelf_of:
            del self._whole[before]

    def _take_off(self, place: int) -> None:
        whole = self._whole[self._shelf_of[place]]
        del whole[bisect_left(whole, -place, key=neg)]

    def whole(self, shelves: Collection[Shelf], promised: Collection[str]) -> Iterator[Device]:
        """Yield the devices of shelves of which nothing is held or promised, in order."""
        places = chain.from_iterable(reversed(self._whole[shelf]) for shelf in shelves)
        devices = (self._devices[place] for place in places)
        return (device for device in devices if device.uuid not in promised)

    def shared(
        self, shelves: Collection[Shelf], promised: Collection[str], parts: int
    ) -> Iterator[tuple[Device, int]]:
        """Yield the devices that have so many parts left beside others, the fullest first."""
        found = sorted(
            (self.parts[place], place)
            for place in self._shared
            if self.parts[place] >= parts and self._shelf_of[place] in shelves
        )
        for room, place in found:
            if self._devices[place].uuid not in promised:
                yield self._devices[place], room

    def count(self) -> int:
        """Return how many devices are whole that nobody's reservation keeps."""
        return sum(len(whole) for shelf, whole in self._whole.items() if isinstance(shelf, float))

    def hold(self, uuid: str, parts: int) -> None:
        """Hold parts of a device, or give them back where the number is negative."""
        place = self._places[uuid]
        before = self.parts[place]
        after = before - parts
        if before >= WHOLE > after:
            self._take_off(place)
        self.parts[place] = after
        if after >= WHOLE > before:
            insort(self._whole[self._shelf_of[place]], place, key=neg)
        if 0 < after < WHOLE:
            self._shared.add(place)
        else:
            self._shared.discard(place)
