"""The queue: by priority, then by age, with tasks of equal demand kept together.

Tasks of equal demand fit or fail alike, so a pass looks at one task a demand instead of at every
task: its cost grows with the variety of the queue, not with its length.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort

from flowkit_gateway.placement import Demand, Pool, Shortage
from flowkit_gateway.store.rows import Placement

_Lane = tuple[int, Demand]


class TaskQueue:
    """Tasks that wait for capacity. Task ids order by age."""

    def __init__(self) -> None:
        self._lanes: dict[_Lane, list[str]] = {}
        self._lane_of: dict[str, _Lane] = {}
        self._positions: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._lane_of)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._lane_of

    def add(self, task_id: str, priority: int, demand: Demand) -> None:
        """Put a task in its place."""
        lane = (-priority, demand)
        insort(self._lanes.setdefault(lane, []), task_id)
        self._lane_of[task_id] = lane
        self._positions = None

    def remove(self, task_id: str) -> bool:
        """Take a task out; False when it is not queued."""
        lane = self._lane_of.pop(task_id, None)
        if lane is None:
            return False
        waiting = self._lanes[lane]
        del waiting[bisect_left(waiting, task_id)]
        if not waiting:
            del self._lanes[lane]
        self._positions = None
        return True

    def reprioritize(self, task_id: str, priority: int) -> None:
        """Move a task to the place of another priority, if it is queued."""
        lane = self._lane_of.get(task_id)
        if lane is not None:
            self.remove(task_id)
            self.add(task_id, priority, lane[1])

    def position(self, task_id: str) -> int | None:
        """Return a task's place from 1, or None when it is not queued."""
        if task_id not in self._lane_of:
            return None
        if self._positions is None:
            order = sorted((lane[0], task_id) for task_id, lane in self._lane_of.items())
            self._positions = {task: place for place, (_, task) in enumerate(order, start=1)}
        return self._positions[task_id]

    def start_what_fits(self, pool: Pool) -> list[tuple[str, Placement]]:
        """Take the tasks that fit now out of the queue and their shares out of the pool.

        A task that does not fit keeps what it lacks from those behind it, so that small tasks
        cannot starve a big one; what it does not lack stays open to them.
        """
        started: list[tuple[str, Placement]] = []
        shortage = Shortage()
        heads = [(lane[0], waiting[0], lane) for lane, waiting in self._lanes.items()]
        heapq.heapify(heads)
        while heads and pool.cpus - shortage.cpus > 0:
            priority, task_id, lane = heapq.heappop(heads)
            placement = pool.choose(lane[1], shortage)
            if placement is None:
                continue
            pool.take(placement)
            self.remove(task_id)
            started.append((task_id, placement))
            if lane in self._lanes:
                heapq.heappush(heads, (priority, self._lanes[lane][0], lane))
        return started
