"""Block volumes: which of them tasks hold, each for one task at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import cast

from flowkit_gateway.store.rows import Placement

_VOLUME = "volume://"


class BlockVolumes:
    """The block volumes that are held.

    Args:
        is_block: says whether a volume is one. It is also asked on other threads, about volumes
            that it was asked about on the event loop's before.
    """

    def __init__(self, is_block: Callable[[str], bool]) -> None:
        self._is_block = is_block
        self._held: set[str] = set()

    def of(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the block volumes that a task needs, with or without the right to write."""
        return tuple(sorted({each for each in mounted_volumes(settings) if self._is_block(each)}))

    def are_free(self, volume_ids: Collection[str]) -> bool:
        """Say whether no task holds any of these."""
        return self._held.isdisjoint(volume_ids)

    def take(self, placement: Placement) -> None:
        """Hold what a placement names."""
        self._held.update(placement.volumes)

    def give(self, placement: Placement) -> None:
        """Return what a placement held."""
        self._held.difference_update(placement.volumes)


def mounted_volumes(settings: Mapping[str, object]) -> list[str]:
    """Return the ids of the volumes that an admitted task mounts."""
    mounts = cast("list[dict[str, object]]", settings.get("mounts") or [])
    sources = [cast("str", mount["source"]) for mount in mounts]
    return [
        source.removeprefix(_VOLUME).partition("/")[0]
        for source in sources
        if source.startswith(_VOLUME)
    ]
