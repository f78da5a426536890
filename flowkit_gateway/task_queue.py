"""The queue: by priority, then by age, with tasks of equal demand kept together.

Tasks of equal demand fit or fail alike, so a pass looks at one task a demand instead of at every
task: its cost grows with the variety of the queue, not with its length.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from typing import TypeVar

from flowkit_gateway.placement import Demand, Pool, Promised
from flowkit_gateway.store.rows import Placement

_Lane = tuple[int, Demand]
"""Tasks of one priority (negated, so that lanes sort by turn) and one demand."""

_Key = TypeVar("_Key", int, _Lane)

_MOST_PASSED_OVER = 500
"""Lanes that do not fit before a pass gives up, which bounds the time that it holds the loop."""


class TaskQueue:
    """Tasks that wait for capacity. Task ids order by age."""

    def __init__(self) -> None:
        self._lanes: dict[_Lane, list[str]] = {}
        self._lane_of: dict[str, _Lane] = {}
        self._by_priority: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return len(self._lane_of)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._lane_of

    def add(self, task_id: str, priority: int, demand: Demand) -> None:
        """Put a task in its place, or leave it where it is."""
        if task_id in self._lane_of:
            return
        lane = self._lane_of[task_id] = (-priority, demand)
        insort(self._lanes.setdefault(lane, []), task_id)
        insort(self._by_priority.setdefault(lane[0], []), task_id)

    def remove(self, task_id: str) -> bool:
        """Take a task out; False when it is not queued."""
        lane = self._lane_of.pop(task_id, None)
        if lane is None:
            return False
        _take(self._lanes, lane, task_id)
        _take(self._by_priority, lane[0], task_id)
        return True

    def reprioritize(self, task_id: str, priority: int) -> None:
        """Move a task to the place of another priority, if it is queued."""
        lane = self._lane_of.get(task_id)
        if lane is not None:
            self.remove(task_id)
            self.add(task_id, priority, lane[1])

    def position(self, task_id: str) -> int | None:
        """Return a task's place from 1, or None when it is not queued."""
        lane = self._lane_of.get(task_id)
        if lane is None:
            return None
        ahead = sum(len(tasks) for turn, tasks in self._by_priority.items() if turn < lane[0])
        return ahead + bisect_left(self._by_priority[lane[0]], task_id) + 1

    def start_what_fits(self, pool: Pool, most: int) -> list[tuple[str, Placement]]:
        """Take the tasks that fit now out of the queue and their shares out of the pool.

        A task that does not fit is promised all that it needs, so that those behind it start on
        what is left over only: small tasks cannot starve a big one. Of the tasks that wait for
        the same GPUs the first has the promise.

        Args:
            pool: what is free.
            most: most tasks to start.
        """
        started: list[tuple[str, Placement]] = []
        promised = Promised()
        if pool.exhausted(promised):
            return started
        heads = [(lane[0], waiting[0], lane) for lane, waiting in self._lanes.items()]
        heapq.heapify(heads)
        passed_over = 0
        while heads and len(started) < most and not pool.exhausted(promised):
            turn, task_id, lane = heapq.heappop(heads)
            placement = pool.choose(lane[1], promised)
            if placement is None:
                passed_over += 1
                if passed_over == _MOST_PASSED_OVER:
                    break
                continue
            pool.take(placement)
            self.remove(task_id)
            started.append((task_id, placement))
            if lane in self._lanes:
                heapq.heappush(heads, (turn, self._lanes[lane][0], lane))
        return started


def _take(lists: dict[_Key, list[str]], key: _Key, task_id: str) -> None:
    tasks = lists[key]
    del tasks[bisect_left(tasks, task_id)]
    if not tasks:
        del lists[key]
