"""What tasks hold of an engine, from their choice to their ends."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.engines.engine import GRACE_PERIOD
from flowkit_gateway.placement import Pool
from flowkit_gateway.store.rows import Placement, TaskRow


@dataclass(slots=True)
class Share:
    """What one task holds."""

    placement: Placement
    attempt: int | None = None
    """None until the attempt is durable."""


class HeldShares:
    """What is held, by task.

    Args:
        pool: the engine's resources.
        volumes: the block volumes.
    """

    def __init__(self, pool: Pool, volumes: BlockVolumes) -> None:
        self._pool = pool
        self._volumes = volumes
        self._shares: dict[str, Share] = {}

    def __len__(self) -> int:
        return len(self._shares)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._shares

    def take_up(self, row: TaskRow) -> None:
        """Hold what an attempt of an earlier gateway may still hold."""
        share = Share(row.placement or Placement(0.0, 0), row.attempt)
        self._pool.take(share.placement)
        self._volumes.take(share.placement)
        self._shares[row.id] = share

    def add(self, task_id: str, placement: Placement) -> Share:
        """Note who holds what has been taken."""
        share = self._shares[task_id] = Share(placement)
        return share

    def release(self, task_id: str, attempt: int | None) -> bool:
        """Give back what an attempt holds; False when it is another one that holds anything."""
        share = self._shares.get(task_id)
        # News of an older attempt says nothing of what the newest one holds.
        if share is None or share.attempt != attempt:
            return False
        del self._shares[task_id]
        self._pool.give(share.placement)
        self._volumes.give(share.placement)
        return True

    def busy_until(self) -> dict[str, float]:
        """Return the devices on which something runs, with the Unix times by which it has ended.

        Infinity stands for whenever that may be.
        """
        busy: dict[str, float] = {}
        soon = time.time() + GRACE_PERIOD
        for share in self._shares.values():
            until = math.inf if share.placement.until is None else max(soon, share.placement.until)
            for uuid in share.placement.device_uuids:
                busy[uuid] = max(until, busy.get(uuid, until))
        return busy
