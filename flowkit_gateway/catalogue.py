"""What a gateway offers to run on: instance types, drawn from its engine's devices."""

from __future__ import annotations

from flowkit.errors import InvalidGPURequest as InvalidGPUError
from flowkit.errors import NoCapacity as NoCapacityError
from flowkit.gpu_models import MODELS
from flowkit.gpus import GPURequest
from flowkit.instances import InstanceTypeName, Offer, normalize
from flowkit_gateway.placement import GB, Group, Pool
from flowkit_gateway.problems import Detail, InvalidGPURequest, NoCapacity
from flowkit_gateway.store.rows import Placement

REGION = "local"
"""The region of an engine that knows no regions."""

CURRENCY = "USD"
_SIZES = (1, 2, 4, 8, 16)


class Catalogue:
    """The instance types of one engine.

    Args:
        pool: the engine's resources.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.offers = tuple(
            Offer(group.model, group.memory_gb, size)
            for group, devices in pool.groups.items()
            for size in _sizes(len(devices))
        )
        self.simulated = any(group.simulated for group in pool.groups)

    def names(self) -> list[str]:
        """Return the largest instance type of each kind of device, for errors and hints."""
        return [
            _name(group, len(devices))
            for group, devices in sorted(self._pool.groups.items(), key=lambda item: item[0])
        ]

    def instance_types(
        self,
        *,
        gpu_type: str | None = None,
        min_gpu_memory_gb: float | None = None,
        region: str | None = None,
    ) -> list[dict[str, object]]:
        """Return the contract's `InstanceType` documents, ordered by price, memory and name.

        Args:
            gpu_type: only what satisfies this GPU request; its count is the least GPUs.
            min_gpu_memory_gb: least memory of one GPU.
            region: only types of this region.

        Raises:
            InvalidGPURequest: `gpu_type` is not in the grammar.
        """
        if region not in (None, REGION):
            return []
        request = _request(gpu_type)
        found = [
            self._document(group, size)
            for group, devices in self._pool.groups.items()
            if (request is None or group.matches(request))
            and (min_gpu_memory_gb is None or group.memory_gb >= min_gpu_memory_gb)
            for size in _sizes(len(devices))
            if request is None or size >= request.count
        ]
        # Everything an engine without prices offers costs the same.
        found.sort(key=lambda document: (document["gpu_memory_gb"], document["name"]))
        if request is None and min_gpu_memory_gb is None:
            found.insert(0, self._cpu_document())
        return found

    def normalize(self, gpu_count: int, gpu_type: str | None) -> dict[str, object]:
        """Return the contract's `NormalizedInstanceType` of a number of GPUs.

        Args:
            gpu_count: GPUs in all.
            gpu_type: one model; the one with the most memory that is offered unless given.

        Raises:
            InvalidGPURequest: the type is not in the grammar or names more than one model.
            NoCapacity: the model is not offered.
        """
        try:
            if gpu_type is None:
                # A GPU that the grammar does not know by name cannot be asked for by name.
                known = [offer for offer in self.offers if _is_known(offer)]
                largest = max(known, key=lambda offer: offer.memory_gb, default=None)
                if largest is None:
                    raise NoCapacityError("no GPUs are offered here")
                gpu_type = f"{largest.model}:{largest.memory_gb:g}gb"
            found = normalize(gpu_count, gpu_type, self.offers)
        except InvalidGPUError as error:
            detail = Detail("/body/gpu_type", error.message, error.hint)
            raise InvalidGPURequest(error.message, hint=error.hint, details=[detail]) from error
        except NoCapacityError as error:
            raise NoCapacity(error.message, hint=self.hint()) from error
        document: dict[str, object] = {
            "instance_type": found.instance_type,
            "num_instances": found.num_instances,
        }
        if found.warning is not None:
            document["warning"] = found.warning
        return document

    def name(self, group: Group, count: float) -> str:
        """Return the instance type of a number of devices; a share of one counts as one."""
        return _name(group, max(1, int(count)))

    def instance_type(self, group: Group | None, placement: Placement) -> str:
        """Return the type of each instance of a placement."""
        if group is None:
            return "cpu"
        return self.name(group, len(placement.device_uuids) // placement.num_instances)

    def hint(self) -> str:
        """Return a sentence that says what exists here."""
        names = self.names()
        if not names:
            return "this gateway has no GPUs; leave gpu unset to run on CPUs"
        return f"this gateway offers up to {', '.join(names[:8])}" + (
            f" and {len(names) - 8} more (flowkit gpus lists them)" if len(names) > 8 else ""
        )

    def _document(self, group: Group, size: int) -> dict[str, object]:
        return {
            "name": _name(group, size),
            "gpu_count": size,
            "gpu_model": group.model,
            "gpu_memory_gb": group.memory_gb,
            "vendor": group.vendor,
            "available": self._pool.free_devices(group) // size,
            "simulated": group.simulated,
            **self._machine(),
        }

    def _cpu_document(self) -> dict[str, object]:
        return {
            "name": "cpu",
            "gpu_count": 0,
            "available": max(0, int(self._pool.cpus)),
            "simulated": False,
            **self._machine(),
        }

    def _machine(self) -> dict[str, object]:
        return {
            "cpus": self._pool.capacity.cpus,
            "memory_gb": round(self._pool.capacity.memory_bytes / GB, 1),
            "region": REGION,
            "price_per_hour": {"amount_minor": 0, "currency": CURRENCY},
        }


def _request(gpu_type: str | None) -> GPURequest | None:
    if gpu_type is None:
        return None
    try:
        return GPURequest.parse(gpu_type)
    except InvalidGPUError as error:
        detail = Detail("/query/gpu_type", error.message, error.hint)
        raise InvalidGPURequest(error.message, hint=error.hint, details=[detail]) from error


def _is_known(offer: Offer) -> bool:
    return offer.model in MODELS and offer.memory_gb in MODELS[offer.model].memory_gb


def _name(group: Group, size: int) -> str:
    return str(InstanceTypeName(size, group.model, group.memory_gb))


def _sizes(devices: int) -> list[int]:
    """Return the sizes of instances that a number of equal devices can make."""
    return [size for size in _SIZES if size < devices] + [devices]


def check_region(region: str | None, loc: str) -> str:
    """Return the region that is meant.

    Args:
        region: what was asked for; None for any.
        loc: JSON pointer of the field in the request, for errors.

    Raises:
        NoCapacity: there is no such region.
    """
    if region not in (None, REGION):
        message = f"there is no region {region!r} here"
        hint = f"leave region unset, or use {REGION!r}"
        raise NoCapacity(message, hint=hint, details=[Detail(loc, message, hint)])
    return REGION
