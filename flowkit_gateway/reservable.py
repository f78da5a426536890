"""What can be reserved of an instance type: GPUs of one machine, or machines of a cluster."""

from __future__ import annotations

from flowkit.errors import InvalidGPURequest as InvalidGPUError
from flowkit.instances import InstanceTypeName
from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.placement import Group, Pool
from flowkit_gateway.problems import Detail, InvalidGPURequest, NoCapacity
from flowkit_gateway.reservation_calendar import Reservable


def reservable(
    pool: Pool, catalogue: Catalogue, instance_type: str, quantity: int, loc: str
) -> Reservable:
    """Return an instance type as it can be reserved.

    Args:
        pool: the engine's resources.
        catalogue: what is offered.
        instance_type: its name.
        quantity: how many there must be.
        loc: JSON pointer of what holds these in the request, for errors.

    Raises:
        InvalidGPURequest: the name cannot be read.
        NoCapacity: there are not as many, or it has no GPUs.
    """
    try:
        name = InstanceTypeName.parse(instance_type, catalogue.offers)
    except InvalidGPUError as error:
        detail = Detail(f"{loc}/instance_type", error.message, error.hint)
        raise InvalidGPURequest(error.message, hint=error.hint, details=[detail]) from error
    if name.model is None:
        hint = "reserve a type with GPUs; CPUs are shared by all"
        raise _no_capacity("machines without GPUs cannot be reserved", hint, loc)
    group = next((each for each in pool.groups if _is_of(each, name)), None)
    kind = None if group is None else _reservable(pool, catalogue, group, name.gpu_count)
    if kind is None or kind.instances_in(len(kind.units)) < quantity:
        there = 0 if kind is None else kind.instances_in(len(kind.units))
        message = f"{quantity} {name} are asked for, but there are {there}"
        raise _no_capacity(message, catalogue.hint(), loc)
    return kind


def _is_of(group: Group, name: InstanceTypeName) -> bool:
    return group.model == name.model and name.memory_gb in (None, group.memory_gb)


def _reservable(pool: Pool, catalogue: Catalogue, group: Group, gpu_count: int) -> Reservable:
    instance_type = catalogue.name(group, gpu_count)
    devices = {device.uuid for device in pool.groups[group]}
    if not pool.capacity.nodes:
        units = tuple(device.uuid for device in pool.groups[group])
        return Reservable(instance_type, units, group.simulated, units_each=gpu_count)
    held = {
        node.name: sum(device.uuid in devices for device in node.devices)
        for node in pool.capacity.nodes
    }
    enough = {name: count for name, count in held.items() if count >= gpu_count}
    least = min(enough.values(), default=gpu_count)
    return Reservable(
        instance_type, tuple(enough), group.simulated, instances_each=least // gpu_count
    )


def _no_capacity(message: str, hint: str, loc: str) -> NoCapacity:
    return NoCapacity(message, hint=hint, details=[Detail(f"{loc}/instance_type", message, hint)])
