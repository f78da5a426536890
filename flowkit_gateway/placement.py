"""What a task needs, and what an engine has left: who fits where."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import Literal, NamedTuple, cast

from flowkit.errors import InvalidGPURequest
from flowkit.gpus import GPURequest
from flowkit.instances import InstanceTypeName, Offer
from flowkit.sizes import GB_PER_UNIT
from flowkit_gateway.engines.engine import GRACE_PERIOD, Capacity, Device
from flowkit_gateway.free_devices import OPEN, WHOLE, FreeDevices, Shelf
from flowkit_gateway.problems import Detail
from flowkit_gateway.problems import InvalidGPURequest as InvalidGPUProblem
from flowkit_gateway.store.rows import Placement

GB = 1_000_000_000
DEFAULT_CPUS = 1.0


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

    run_time: float | None = None
    """Most seconds that it runs; None for any number."""
    reservation: str | None = None
    """The reservation on whose devices alone it may start."""


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

    __slots__ = ("cpu_parts", "device_uuids", "memory_bytes", "shelves", "volumes")

    def __init__(self) -> None:
        self.cpu_parts = 0
        self.memory_bytes = 0
        self.device_uuids: set[str] = set()
        self.shelves: set[tuple[Group, Shelf]] = set()
        """Devices of groups of which nothing is left to others."""
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
        run_time=_run_time(cast("float | None", settings.get("max_run_time"))),
        reservation=cast("str | None", settings.get("reservation")),
    )


def _run_time(longest: float | None) -> float | None:
    """Return for how long a task may hold what it has, rounded up to two digits.

    Tasks whose limits are nearly equal stay interchangeable then.
    """
    if longest is None:
        return None
    seconds = longest + GRACE_PERIOD
    unit = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return math.ceil(seconds / unit) * unit


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
    return max(1, round(amount * WHOLE)) if amount else 0


def _devices_needed(count: float, instances: int) -> int:
    """Return how many devices hold so many GPUs, or such a share of one, for each instance."""
    if count >= 1:
        return int(count) * instances
    return math.ceil(instances / (WHOLE // _parts(count)))


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
            self.groups.setdefault(_group_of(device), []).append(device)
        self._cpu_parts = self._cpu_parts_in_all = _parts(capacity.cpus)
        self._devices = {device.uuid: device for device in capacity.devices}
        self._free = {group: FreeDevices(devices) for group, devices in self.groups.items()}
        self._home = {
            device.uuid: self._free[group]
            for group, devices in self.groups.items()
            for device in devices
        }
        """Where each device is kept."""
        self._shelves: Mapping[str, Shelf] = {}
        self._reserved_until: Mapping[str, float] = {}
        self._candidates = lru_cache(maxsize=1024)(self._find_candidates)

    @property
    def cpus(self) -> float:
        """CPUs that are free; below zero while tasks of an earlier gateway hold too many."""
        return self._cpu_parts / WHOLE

    def sharing(self, num_instances: int) -> int:
        """Return how many instances of a task share what `capacity` counts: all of them."""
        return num_instances

    def default_cpus(self, num_instances: int) -> float:
        """Return the CPUs of each instance of a task that does not ask for any.

        More instances than there are CPUs can be tried all the same: they have equal parts then.
        """
        equal = self._cpu_parts_in_all // self.sharing(num_instances) / WHOLE
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
                until=self._known_end(demand),
            )
        if found is None:
            waits_for = set(self._shelves_of(demand))
            if waits_for <= promised.shelves:
                # Others wait for the same GPUs; until its turn comes it needs nothing else.
                return None
            promised.shelves |= waits_for
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
            return (None, []) if self._in_time(demand) else None
        for request in demand.gpus:
            for group in self._candidates(request):
                devices = self._pick(group, request.count, demand, promised)
                if devices:
                    return request, devices
        return None

    def _pick(self, group: Group, count: float, demand: Demand, promised: Promised) -> list[Device]:
        """Return the devices of each instance in turn, none when there are not enough.

        Shares of one device may be those of several instances.
        """
        free = self._free[group]
        shelves = [
            shelf
            for shelf in free.shelves(demand.reservation, self._until(demand))
            if (group, shelf) not in promised.shelves
        ]
        whole = free.whole(shelves, promised.device_uuids)
        if count >= 1:
            needed = int(count) * demand.num_instances
            found = list(islice(whole, needed))
            return found if len(found) == needed else []
        # The fullest device that still has room leaves whole ones for whole requests.
        begun = free.shared(shelves, promised.device_uuids, _parts(count))
        shares = (
            device
            for device, room in chain(begun, ((device, WHOLE) for device in whole))
            for _ in range(room // _parts(count))
        )
        found = list(islice(shares, demand.num_instances))
        return found if len(found) == demand.num_instances else []

    def _shelves_of(self, demand: Demand) -> Iterator[tuple[Group, Shelf]]:
        """Yield where the devices that a demand may start on are."""
        until = self._until(demand)
        for request in demand.gpus:
            for group in self._candidates(request):
                for shelf in self._free[group].shelves(demand.reservation, until):
                    yield group, shelf

    def _in_time(self, demand: Demand) -> bool:
        """Say whether it is the time of the reservation that a task runs in, if any."""
        return demand.reservation is None or demand.reservation in self._reserved_until

    def _known_end(self, demand: Demand) -> float | None:
        until = self._until(demand)
        return None if until == OPEN else until

    def _until(self, demand: Demand) -> float:
        """Return the Unix time by which a task has ended that starts now."""
        if demand.reservation is not None:
            return self._reserved_until.get(demand.reservation, OPEN)
        return OPEN if demand.run_time is None else time.time() + demand.run_time

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
            if uuid in self._home:
                self._home[uuid].hold(uuid, -sign * _parts(placement.share))

    def keep_free(self, shelves: Mapping[str, Shelf], reserved_until: Mapping[str, float]) -> None:
        """Keep devices for reservations.

        Args:
            shelves: the devices that are reserved, by their UUIDs, and who may start on them.
            reserved_until: the reservations whose time it is, with the Unix times of their ends.
        """
        for uuid in self._shelves.keys() | shelves.keys():
            shelf = shelves.get(uuid, OPEN)
            if uuid in self._home and shelf != self._shelves.get(uuid, OPEN):
                self._home[uuid].put(uuid, shelf)
        self._shelves, self._reserved_until = shelves, reserved_until

    def part(self, units: Collection[str]) -> Pool:
        """Return a pool of its own of the devices with these UUIDs."""
        devices = tuple(self._devices[uuid] for uuid in units if uuid in self._devices)
        return Pool(self.capacity._replace(devices=devices))

    def devices(self, placement: Placement) -> tuple[Device, ...]:
        """Return the devices of a placement."""
        return tuple(self._devices[uuid] for uuid in placement.device_uuids)

    def group_of(self, placement: Placement) -> Group | None:
        """Return the group that a placement's devices belong to."""
        if not placement.device_uuids:
            return None
        return _group_of(self._devices[placement.device_uuids[0]])

    def free_parts(self) -> list[list[int]]:
        """Return how much of each device of each group is free."""
        return [free.parts for free in self._free.values()]

    def free_devices(self, group: Group) -> int:
        """Return how many whole devices of a group are free, those of a reservation left out."""
        return self._free[group].count()


def _group_of(device: Device) -> Group:
    return Group(device.model, device.memory_gb, device.vendor, device.simulated)
