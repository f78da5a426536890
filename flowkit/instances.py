"""Instance types by name: `4xa100-80gb`, `8xh200`, `cpu`, `16xcpu`. Text in, value out, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from flowkit.errors import InvalidGPURequest, NoCapacity
from flowkit.gpu_grammar import MAX_COUNT
from flowkit.gpu_models import MODELS
from flowkit.gpus import GPURequest

_DEFAULT_SIZES = (1, 2, 4, 8)


class Offer(NamedTuple):
    """One size of instance that a catalogue offers; `gpu_count` is per instance."""

    model: str
    memory_gb: float
    gpu_count: int


class InstanceTypeName(NamedTuple):
    """What the name of an instance type says.

    Attributes:
        gpu_count: GPUs of one instance; 0 for a CPU-only one.
        model: The GPUs' model; None for a CPU-only instance.
        memory_gb: Memory of each GPU in GB; None where the model is sold with several sizes and
            nothing said which.
        cpus: vCPUs of a CPU-only instance; None where not said.
    """

    gpu_count: int
    model: str | None = None
    memory_gb: float | None = None
    cpus: int | None = None

    @classmethod
    def parse(cls, text: str, catalogue: Iterable[Offer] | None = None) -> InstanceTypeName:
        """Return what a name says; every GPU request that names exactly one model is a name.

        Args:
            text: The name, in any spelling.
            catalogue: What is offered: a model with several memory sizes and no suffix means
                the largest of them that is offered. Without a catalogue the size stays open.

        Raises:
            InvalidGPURequest: The text cannot be read or does not name exactly one model.

        Example:
            >>> str(InstanceTypeName.parse("a100:80gb:4"))
            '4xa100-80gb'
            >>> str(InstanceTypeName.parse("a100", [Offer("a100", 40, 1), Offer("a100", 80, 1)]))
            '1xa100-80gb'
            >>> str(InstanceTypeName.parse("16 x CPU"))
            '16xcpu'
        """
        if isinstance(text, str) and (match := re.fullmatch(_CPU, text, re.IGNORECASE | re.ASCII)):
            return _cpu_only(text, match[1])
        try:
            request = GPURequest.parse(text)
        except InvalidGPURequest as error:
            message = error.message.replace("invalid GPU request", "invalid instance type", 1)
            hint = "name a machine such as 4xa100-80gb" if not text else error.hint
            raise InvalidGPURequest(message, hint=hint) from None
        model = _only_model(request, text)
        if not isinstance(request.count, int):
            raise InvalidGPURequest(
                f"invalid instance type {text!r}: it has a fraction of a GPU",
                hint=f"write 1x{model}, or ask for a share with gpu={str(request)!r}",
            )
        return cls(request.count, model, _memory(request, model, catalogue))

    def __str__(self) -> str:
        if self.model is None:
            return "cpu" if self.cpus is None else f"{self.cpus}xcpu"
        several = self.model not in MODELS or len(MODELS[self.model].memory_gb) > 1
        suffix = f"-{self.memory_gb:g}gb" if several and self.memory_gb is not None else ""
        return f"{self.gpu_count}x{self.model}{suffix}"


_CPU = r"\s*(?:([0-9]+)\s*x\s*)?cpu\s*"


class NormalizedInstances(NamedTuple):
    """Whole instances that hold a number of GPUs; `warning` names GPUs that are wasted."""

    instance_type: str
    num_instances: int
    warning: str | None


def normalize(
    gpu_count: int, gpu_type: str, catalogue: Iterable[Offer] | None = None
) -> NormalizedInstances:
    """Return the instances that hold a number of GPUs of one model.

    One instance of the smallest size that is large enough; else, among sizes of at least half
    the largest, the one that wastes the fewest GPUs, then the one that needs the fewest instances.

    Args:
        gpu_count: GPUs in all.
        gpu_type: One model, with or without its memory.
        catalogue: What is offered. Without one, sizes are 1, 2, 4 and 8 GPUs.

    Raises:
        InvalidGPURequest: The count is below 1 or the type does not name exactly one model.
        NoCapacity: The catalogue does not offer the model.

    Example:
        >>> tuple(normalize(3, "h200"))
        ('4xh200', 1, 'rounded up from 3 to 4 GPUs')
        >>> normalize(16, "h200").num_instances
        2
    """
    request = GPURequest.parse(gpu_type)
    model = _only_model(request, gpu_type)
    _check_total(gpu_count, request)
    offers = None if catalogue is None else [Offer(*offer) for offer in catalogue]
    memory = _memory(request, model, offers)
    size = _best_size(gpu_count, _sizes(model, memory, offers))
    num_instances = -(-gpu_count // size)
    total = size * num_instances
    warning = f"rounded up from {gpu_count} to {total} GPUs" if total > gpu_count else None
    return NormalizedInstances(str(InstanceTypeName(size, model, memory)), num_instances, warning)


def _cpu_only(text: str, count: str | None) -> InstanceTypeName:
    if count is not None and not 1 <= len(count.lstrip("0")) <= 6:
        raise InvalidGPURequest(
            f"invalid instance type {text[:80]!r}: it cannot have this number of CPUs",
            hint="the number of CPUs is at least 1, as in 16xcpu; cpu alone leaves it open",
        )
    return InstanceTypeName(0, cpus=None if count is None else int(count))


def _only_model(request: GPURequest, text: str) -> str:
    if len(request.models) != 1:
        raise InvalidGPURequest(
            f"invalid instance type {text!r}: it does not name exactly one model",
            hint="name one, as in 4xa100-80gb, or use gpu= to ask for any of several",
        )
    return request.models[0]


def check_count(gpu_count: int) -> None:
    """Refuse a number of GPUs that is none.

    Raises:
        InvalidGPURequest: it is not a whole number from 1 to `MAX_COUNT`.
    """
    whole = isinstance(gpu_count, int) and not isinstance(gpu_count, bool)
    if not whole or not 1 <= gpu_count <= MAX_COUNT:
        shown = repr(gpu_count) if isinstance(gpu_count, str | float) else str(gpu_count)
        raise InvalidGPURequest(
            f"invalid number of GPUs {shown[:60]}",
            hint=f"the number of GPUs is a whole number from 1 to {MAX_COUNT}",
        )


def _check_total(gpu_count: int, request: GPURequest) -> None:
    check_count(gpu_count)
    if request.count != 1:
        raise InvalidGPURequest(
            f"count given twice: {gpu_count} and {str(request)!r}",
            hint="give the type without a count, as in a100-80gb",
        )


def _memory(
    request: GPURequest, model: str, catalogue: Iterable[Offer] | None
) -> int | float | None:
    """Return the largest memory that the request allows and the catalogue offers, None if open."""
    known = MODELS[model].memory_gb
    allowed = [size for size in known if request.accepts(model, size)]
    offered = [
        memory
        for offer_model, memory, _ in catalogue or ()
        if offer_model == model and request.accepts(model, memory)
    ]
    if offered:
        return max(offered)
    return None if 1 < len(allowed) == len(known) else max(allowed)


def _sizes(model: str, memory: float | None, offers: list[Offer] | None) -> list[int]:
    if offers is None:
        return list(_DEFAULT_SIZES)
    sizes = [
        offer.gpu_count
        for offer in offers
        if offer.model == model and offer.memory_gb == memory and offer.gpu_count >= 1
    ]
    if not sizes:
        wanted = model if memory is None else f"{model} with {memory:g} GB"
        names = sorted({str(InstanceTypeName(o.gpu_count, o.model, o.memory_gb)) for o in offers})
        raise NoCapacity(
            f"no instance has {wanted}", hint=f"offered: {', '.join(names) or 'nothing'}"
        )
    return sizes


def _best_size(gpu_count: int, sizes: list[int]) -> int:
    enough = [size for size in sizes if size >= gpu_count]
    if enough:
        return min(enough)
    return min(
        (size for size in sizes if 2 * size >= max(sizes)),
        key=lambda size: (-gpu_count % size, -(-gpu_count // size)),
    )
