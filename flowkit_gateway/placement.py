"""What a task needs, and what an engine has left: who fits where."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from math import ceil
from operator import neg
from typing import Literal, NamedTuple, cast

from flowkit.errors import InvalidGPURequest
from flowkit.gpus import GPURequest
from flowkit.instances import InstanceTypeName, Offer
from flowkit.sizes import GB_PER_UNIT
from flowkit_gateway.engines.engine import Capacity, Device
from flowkit_gateway.problems import Detail
from flowkit_gateway.problems import InvalidGPURequest as InvalidGPUProblem
from flowkit_gateway.store.rows import Placement

GB = 1_000_000_000
DEFAULT_CPUS = 1.0

_WHOLE = 1_000_000
"""Parts of one CPU or GPU. Shares are counted in whole parts: sums of floats drift, and a task
that needs all there is would wait for ever for the last 1e-16 of it."""


class Demand(NamedTuple):
    """What one task needs. Tasks of equal demand are interchangeable to the scheduler."""

    cpus: float
    memory_bytes: int
    gpus: tuple[GPURequest, ...]
    """Alternatives, first choice first; empty when the task needs no GPU."""
    volumes: tuple[str, ...] = ()
    """Block volumes, which nobody else may have meanwhile."""
    num_instances: int = 1
    """Instances that each have all of it."""


class Group(NamedTuple):
    """Devices that are alike."""

    model: str
    memory_gb: float
    vendor: str
    simulated: bool

    def matches(self, request: GPURequest) -> bool:
        """Say whether one device of this group is what a request asks for."""
        return request.accepts(self.model, self.memory_gb)


class Promised:
    """What is kept free for tasks that are ahead in the queue and do not fit yet."""

    __slots__ = ("cpu_parts", "device_uuids", "groups", "memory_bytes", "volumes")

    def __init__(self) -> None:
        self.cpu_parts = 0
        self.memory_bytes = 0
        self.device_uuids: set[str] = set()
        self.groups: set[Group] = set()
        """Groups of which nothing is left to others."""
        self.volumes: set[str] = set()


def demand_of(
    settings: Mapping[str, object],
    offers: Iterable[Offer],
    loc: str = "/body",
    *,
    default_cpus: float = DEFAULT_CPUS,
) -> Demand:
    """Return what a validated `TaskCreate` document needs.

    Args:
        settings: the document.
        offers: what the gateway offers: an instance type without a memory size means the largest.
        loc: JSON pointer of the document in its request, for errors.
        default_cpus: CPUs of each instance where the document does not say.

    Raises:
        problems.InvalidGPURequest: a GPU request or instance type is not in the grammar.
    """
    cpus = cast("float | None", settings.get("cpus"))
    gpus: tuple[GPURequest, ...] = ()
    instance_type = cast("str | None", settings.get("instance_type"))
    if instance_type is not None:
        with _refusing_at(f"{loc}/instance_type"):
            name = InstanceTypeName.parse(instance_type, offers)
        if name.model is not None:
            size = name.memory_gb
            gpus = (GPURequest(name.gpu_count, (name.model,), size, size),)
        elif cpus is None and name.cpus is not None:
            cpus = name.cpus
    else:
        gpus = _parse_all(cast("list[str]", settings.get("gpu") or []), f"{loc}/gpu")
    least = cast("float | None", settings.get("min_gpu_memory_gb"))
    if least is not None:
        with _refusing_at(f"{loc}/min_gpu_memory_gb"):
            gpus = tuple(_with_least_memory(request, least) for request in gpus or (GPURequest(),))
    memory_gb = cast("float | None", settings.get("memory_gb"))
    return Demand(
        cpus=default_cpus if cpus is None else float(cpus),
        memory_bytes=0 if memory_gb is None else int(memory_gb * GB),
        gpus=gpus,
        num_instances=cast("int", settings.get("num_instances") or 1),
    )


@lru_cache(maxsize=1024)
def _parse(text: str) -> GPURequest:
    return GPURequest.parse(text)


def _parse_all(texts: list[str], loc: str) -> tuple[GPURequest, ...]:
    requests = []
    for place, text in enumerate(texts):
        with _refusing_at(f"{loc}/{place}"):
            requests.append(_parse(text))
    return tuple(requests)


@contextmanager
def _refusing_at(loc: str) -> Iterator[None]:
    try:
        yield
    except InvalidGPURequest as error:
        detail = Detail(loc, error.message, error.hint)
        raise InvalidGPUProblem(error.message, hint=error.hint, details=[detail]) from error


def _with_least_memory(request: GPURequest, least: float) -> GPURequest:
    # Every GPU has more than what the grammar cannot say.
    floor = max(least, request.memory_min_gb or 0, GB_PER_UNIT["mb"])
    most = request.memory_max_gb
    try:
        return GPURequest(request.count, request.models, floor, most, vendor=request.vendor)
    except InvalidGPURequest as error:
        raise InvalidGPURequest(
            f"{request} has no GPU with the {least:g} GB that min_gpu_memory_gb asks for",
            hint="leave min_gpu_memory_gb out, or ask for another GPU",
        ) from error


def _parts(amount: float) -> int:
    return max(1, round(amount * _WHOLE)) if amount else 0


def _devices_needed(count: float, instances: int) -> int:
    """Return how many devices hold so many GPUs, or such a share of one, for each instance."""
    if count >= 1:
        return int(count) * instances
    return ceil(instances / (_WHOLE // _parts(count)))


class Pool:
    """The resources of one engine, and how much of them is free.

    Args:
        capacity: everything there is.
    """

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.memory_bytes = capacity.memory_bytes
        self.groups: dict[Group, list[Device]] = {}
        for device in capacity.devices:
            group = Group(device.model, device.memory_gb, device.vendor, device.simulated)
            self.groups.setdefault(group, []).append(device)
        self._cpu_parts = self._cpu_parts_in_all = _parts(capacity.cpus)
        self._devices = {device.uuid: device for device in capacity.devices}
        self._free = dict.fromkeys(self._devices, _WHOLE)
        self._places = {
            device.uuid: (group, place)
            for group, devices in self.groups.items()
            for place, device in enumerate(devices)
        }
        # Last first: the devices that are chosen first are taken from the end, at no cost.
        self._whole = {
            group: list(range(len(devices) - 1, -1, -1)) for group, devices in self.groups.items()
        }
        """Places of the devices of a group of which nothing is held."""
        self._shared: dict[Group, set[int]] = {group: set() for group in self.groups}
        """Places of the devices of a group of which a part is held."""
        self._candidates = lru_cache(maxsize=1024)(self._find_candidates)

    @property
    def cpus(self) -> float:
        """CPUs that are free; below zero while tasks of an earlier gateway hold too many."""
        return self._cpu_parts / _WHOLE

    def sharing(self, num_instances: int) -> int:
        """Return how many instances of a task share what `capacity` counts: all of them."""
        return num_instances

    def default_cpus(self, num_instances: int) -> float:
        """Return the CPUs of each instance of a task that does not ask for any.

        More instances than there are CPUs can be tried all the same: they have equal parts then.
        """
        equal = self._cpu_parts_in_all // self.sharing(num_instances) / _WHOLE
        return min(DEFAULT_CPUS, equal) or DEFAULT_CPUS

    def lacking(self, demand: Demand) -> Literal["cpus", "memory_gb"] | None:
        """Return of what a demand needs more than there is when nothing else runs."""
        instances = self.sharing(demand.num_instances)
        if _parts(demand.cpus) * instances > self._cpu_parts_in_all:
            return "cpus"
        too_much = demand.memory_bytes * instances > self.capacity.memory_bytes
        return "memory_gb" if too_much else None

    def exhausted(self, promised: Promised) -> bool:
        """Say whether no task at all can start now: each needs a share of a CPU."""
        return self._cpu_parts <= promised.cpu_parts

    def feasible(self, demand: Demand) -> tuple[GPURequest, Group] | bool:
        """Say whether the demand fits when nothing else runs; with GPUs, say which and where."""
        if self.lacking(demand) is not None:
            return False
        for request in demand.gpus:
            for group in self._candidates(request):
                if len(self.groups[group]) >= _devices_needed(request.count, demand.num_instances):
                    return request, group
        return not demand.gpus

    def choose(self, demand: Demand, promised: Promised) -> Placement | None:
        """Return where the demand fits now, or None after promising it what it waits for."""
        found = self._choose_devices(demand, promised)
        if found is not None and self._has_room(demand, promised):
            request, devices = found
            return Placement(
                cpus=demand.cpus,
                memory_bytes=demand.memory_bytes,
                device_uuids=tuple(device.uuid for device in devices),
                gpu_indices=tuple(device.index for device in devices),
                share=min(1.0, request.count) if request else 1.0,
                num_instances=demand.num_instances,
            )
        if found is None:
            groups = {group for each in demand.gpus for group in self._candidates(each)}
            if groups <= promised.groups:
                # Others wait for the same GPUs; until its turn comes it needs nothing else.
                return None
            promised.groups |= groups
        else:
            promised.device_uuids.update(device.uuid for device in found[1])
        promised.cpu_parts += _parts(demand.cpus) * demand.num_instances
        promised.memory_bytes += demand.memory_bytes * demand.num_instances
        return None

    def _has_room(self, demand: Demand, promised: Promised) -> bool:
        if _parts(demand.cpus) * demand.num_instances > self._cpu_parts - promised.cpu_parts:
            return False
        needed = demand.memory_bytes * demand.num_instances
        return not needed or needed <= self.memory_bytes - promised.memory_bytes

    def _choose_devices(
        self, demand: Demand, promised: Promised
    ) -> tuple[GPURequest | None, list[Device]] | None:
        if not demand.gpus:
            return None, []
        for request in demand.gpus:
            for group in self._candidates(request):
                if group not in promised.groups:
                    devices = self._pick(
                        group, request.count, demand.num_instances, promised.device_uuids
                    )
                    if devices:
                        return request, devices
        return None

    def _pick(
        self, group: Group, count: float, instances: int, promised: Collection[str]
    ) -> list[Device]:
        """Return the devices of each instance in turn, none when there are not enough.

        Shares of one device may be those of several instances.
        """
        devices = self.groups[group]
        whole = (devices[place] for place in reversed(self._whole[group]))
        free = (device for device in whole if device.uuid not in promised)
        if count >= 1:
            found = list(islice(free, int(count) * instances))
            return found if len(found) == count * instances else []
        # The fullest device that still has room leaves whole ones for whole requests.
        shared = sorted(
            (self._free[devices[place].uuid], place)
            for place in self._shared[group]
            if self._free[devices[place].uuid] >= _parts(count)
            and devices[place].uuid not in promised
        )
        begun = ((devices[place], room) for room, place in shared)
        shares = (
            device
            for device, room in chain(begun, ((device, _WHOLE) for device in free))
            for _ in range(room // _parts(count))
        )
        found = list(islice(shares, instances))
        return found if len(found) == instances else []

    def _find_candidates(self, request: GPURequest) -> tuple[Group, ...]:
        """Return the groups that match, in the order in which they are to be tried.

        Named models come in the order of the request; otherwise the smallest memory that will do
        comes first, so that big GPUs stay free for those who need them.
        """
        matching = [group for group in self.groups if group.matches(request)]
        order = {model: place for place, model in enumerate(request.models)}
        return tuple(
            sorted(matching, key=lambda group: (order.get(group.model, 0), group.memory_gb))
        )

    def take(self, placement: Placement) -> None:
        """Hold what a placement names."""
        self._change(placement, -1)

    def give(self, placement: Placement) -> None:
        """Return what a placement held."""
        self._change(placement, 1)

    def _change(self, placement: Placement, sign: int) -> None:
        self._cpu_parts += sign * _parts(placement.cpus) * placement.num_instances
        self.memory_bytes += sign * placement.memory_bytes * placement.num_instances
        for uuid in placement.device_uuids:
            # A device that an earlier gateway bound may have left the machine since.
            if uuid in self._free:
                self._hold(uuid, sign * _parts(placement.share))

    def _hold(self, uuid: str, change: int) -> None:
        group, place = self._places[uuid]
        before = self._free[uuid]
        after = self._free[uuid] = before + change
        if before >= _WHOLE > after:
            whole = self._whole[group]
            del whole[bisect_left(whole, -place, key=neg)]
        elif after >= _WHOLE > before:
            insort(self._whole[group], place, key=neg)
        if 0 < after < _WHOLE:
            self._shared[group].add(place)
        else:
            self._shared[group].discard(place)

    def devices(self, placement: Placement) -> tuple[Device, ...]:
        """Return the devices of a placement."""
        return tuple(self._devices[uuid] for uuid in placement.device_uuids)

    def group_of(self, placement: Placement) -> Group | None:
        """Return the group that a placement's devices belong to."""
        if not placement.device_uuids:
            return None
        device = self._devices[placement.device_uuids[0]]
        return Group(device.model, device.memory_gb, device.vendor, device.simulated)

    def free_devices(self, group: Group) -> int:
        """Return how many whole devices of a group are free."""
        return len(self._whole[group])
