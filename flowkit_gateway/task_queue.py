"""The queue: by priority, then by age, with tasks of equal demand kept together.

Tasks of equal demand fit or fail alike, so a pass looks at one task a demand instead of at every
task: its cost grows with the variety of what waits, not with how much waits.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import replace

from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.placement import Demand, Pool, Promised
from flowkit_gateway.store.rows import Placement

_MOST_PASSED_OVER = 200
"""Lanes that do not fit before a pass gives up, which bounds the time that it holds the loop. Those
that wait for a volume do not count: to see that takes no time."""


class _Lane:
    """Tasks of one priority and one demand, oldest first."""

    __slots__ = ("demand", "tasks", "turn")

    def __init__(self, turn: int, demand: Demand) -> None:
        self.turn = turn
        """The negated priority, so that lanes sort by turn."""
        self.demand = demand
        self.tasks: list[str] = []


class TaskQueue:
    """Tasks that wait for capacity. Task ids order by age."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[int, Demand], _Lane] = {}
        self._lane_of: dict[str, _Lane] = {}
        self._by_turn: dict[int, list[str]] = {}
        self._heads: list[tuple[int, str, _Lane]] = []
        """The oldest task of each lane, by turn and age."""

    def __len__(self) -> int:
        return len(self._lane_of)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._lane_of

    def add(self, task_id: str, priority: int, demand: Demand) -> None:
        """Put a task in its place, or leave it where it is."""
        if task_id in self._lane_of:
            return
        turn = -priority
        lane = self._lanes.get((turn, demand))
        if lane is None:
            lane = self._lanes[turn, demand] = _Lane(turn, demand)
        self._lane_of[task_id] = lane
        insort(self._by_turn.setdefault(turn, []), task_id)
        head = lane.tasks[0] if lane.tasks else None
        insort(lane.tasks, task_id)
        self._replace_head(lane, head)

    def remove(self, task_id: str) -> bool:
        """Take a task out; False when it is not queued."""
        lane = self._lane_of.pop(task_id, None)
        if lane is None:
            return False
        same_turn = self._by_turn[lane.turn]
        del same_turn[bisect_left(same_turn, task_id)]
        if not same_turn:
            del self._by_turn[lane.turn]
        head = lane.tasks[0]
        del lane.tasks[bisect_left(lane.tasks, task_id)]
        if not lane.tasks:
            del self._lanes[lane.turn, lane.demand]
        self._replace_head(lane, head)
        return True

    def _replace_head(self, lane: _Lane, before: str | None) -> None:
        head = lane.tasks[0] if lane.tasks else None
        if head == before:
            return
        if before is not None:
            del self._heads[bisect_left(self._heads, (lane.turn, before))]
        if head is not None:
            insort(self._heads, (lane.turn, head, lane))

    def reprioritize(self, task_id: str, priority: int) -> None:
        """Move a task to the place of another priority, if it is queued."""
        lane = self._lane_of.get(task_id)
        if lane is not None:
            self.remove(task_id)
            self.add(task_id, priority, lane.demand)

    def position(self, task_id: str) -> int | None:
        """Return a task's place from 1, or None when it is not queued."""
        lane = self._lane_of.get(task_id)
        if lane is None:
            return None
        ahead = sum(len(tasks) for turn, tasks in self._by_turn.items() if turn < lane.turn)
        return ahead + bisect_left(self._by_turn[lane.turn], task_id) + 1

    def start_what_fits(
        self, pool: Pool, volumes: BlockVolumes, most: int
    ) -> list[tuple[str, Placement]]:
        """Take the tasks that fit now out of the queue and their shares out of the pool.

        A task that does not fit is promised all that it needs, so that those behind it start on
        what is left over only: small tasks cannot starve a big one. Of the tasks that wait for
        the same GPUs the first has the promise. A task that waits for a volume is promised its
        volumes only: nothing else need stand idle until another task is done with them.

        Args:
            pool: what is free.
            volumes: the volumes that are held.
            most: most tasks to start.
        """
        started: list[tuple[str, Placement]] = []
        promised = Promised()
        place = passed_over = 0
        while place < len(self._heads) and len(started) < most and not pool.exhausted(promised):
            _, task_id, lane = self._heads[place]
            needed = lane.demand.volumes
            if not (volumes.are_free(needed) and promised.volumes.isdisjoint(needed)):
                promised.volumes.update(needed)
                place += 1
                continue
            placement = pool.choose(lane.demand, promised)
            if placement is not None:
                placement = replace(placement, volumes=needed) if needed else placement
                pool.take(placement)
                volumes.take(placement)
                # The lane's next task is younger: its head comes to this place or a later one.
                self.remove(task_id)
                started.append((task_id, placement))
                continue
            promised.volumes.update(needed)
            place += 1
            passed_over += 1
            if passed_over == _MOST_PASSED_OVER:
                break
        return started
