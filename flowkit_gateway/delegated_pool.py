"""The pool of an engine that queues by itself: it is handed what it can ever run, at once."""

from __future__ import annotations

from collections.abc import Collection

from flowkit.gpus import GPURequest
from flowkit_gateway.engines.engine import Capacity, Device, Engine, Node
from flowkit_gateway.placement import Demand, Group, Pool, Promised
from flowkit_gateway.store.rows import Placement


class DelegatedPool(Pool):
    """Machines of which the engine itself chooses, whenever they are free.

    A placement names the kind of machine and of GPU, not which: it is that of one instance, and its
    devices stand for any of their group.

    Args:
        capacity: what there is, with the machines.
        most: most tasks that the engine is handed at a time.
    """

    def __init__(self, capacity: Capacity, most: int) -> None:
        super().__init__(capacity)
        self._room = most

    def sharing(self, num_instances: int) -> int:
        """Return how many instances of a task share what `capacity` counts: each has a machine."""
        return 1

    def exhausted(self, promised: Promised) -> bool:
        """Say whether the engine has as many tasks as it is to have."""
        return self._room <= 0

    def feasible(self, demand: Demand) -> tuple[GPURequest, Group] | bool:
        """Say whether enough machines could ever hold it; with GPUs, say which and of which kind.

        Machines that are down count: they may come back while it waits.
        """
        for request in demand.gpus:
            for group in self._candidates(request):
                if self._fits(demand, group, int(request.count)):
                    return request, group
        return not demand.gpus and self._fits(demand, None, 0)

    def choose(self, demand: Demand, promised: Promised) -> Placement | None:
        """Return what to ask the engine for, or None when it has enough to do."""
        found = self.feasible(demand)
        if found is False or self.exhausted(promised) or not self._in_time(demand):
            return None
        devices: list[Device] = []
        if isinstance(found, tuple):
            request, group = found
            devices = self.groups[group][: int(request.count)]
        return Placement(
            cpus=demand.cpus,
            memory_bytes=demand.memory_bytes,
            device_uuids=tuple(device.uuid for device in devices),
            until=self._known_end(demand),
        )

    def part(self, units: Collection[str]) -> DelegatedPool:
        """Return a pool of its own of the machines with these names."""
        nodes = tuple(node for node in self.capacity.nodes if node.name in units)
        return DelegatedPool(self.capacity._replace(nodes=nodes), self._room)

    def take(self, placement: Placement) -> None:
        """Count a task that the engine is handed."""
        self._room -= 1

    def give(self, placement: Placement) -> None:
        """Count a task that the engine has no more."""
        self._room += 1

    def free_devices(self, group: Group) -> int:
        """Return how many devices of a group there are: which are free changes without notice."""
        return sum(self._devices_of(node, group) for node in self.capacity.nodes)

    def _fits(self, demand: Demand, group: Group | None, devices: int) -> bool:
        holding = sum(
            node.cpus >= demand.cpus
            and node.memory_bytes >= demand.memory_bytes
            and (group is None or self._devices_of(node, group) >= devices)
            for node in self.capacity.nodes
        )
        return holding >= demand.num_instances

    def _devices_of(self, node: Node, group: Group) -> int:
        names = {device.uuid for device in self.groups[group]}
        return sum(device.uuid in names for device in node.devices)


def pool_of(engine: Engine) -> Pool:
    """Return what the tasks of an engine share."""
    capabilities = engine.capabilities()
    if capabilities.most_queued is None:
        return Pool(engine.capacity())
    return DelegatedPool(engine.capacity(), capabilities.most_queued)
