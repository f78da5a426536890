"""GPU requests: `a100`, `4xa100-80gb`, `h100,a100:8`, `gpu:40gb+`. Text in, value out, no I/O.

A request is `:`-separated tokens in any order, each kind at most once: models, memory per GPU,
count, vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Never

from flowkit.gpu_grammar import MAX_COUNT, Fields, Refusal, read, refuse_unknown
from flowkit.gpu_models import MODELS, VENDORS
from flowkit.sizes import GB_PER_UNIT

_MAX_MEMORY_GB = 1_000_000
_FIELDS = ("count", "models", "memory_min_gb", "memory_max_gb", "vendor")


class GPURequest:
    """What GPUs a task asks for. Immutable; `GPURequest.parse(str(request)) == request`.

    Args:
        count: GPUs, or a fraction between 0 and 1: a share of one GPU.
        models: Names from `gpu_models.MODELS`, in order of preference; empty for any model.
        memory_min_gb: Least memory of each GPU, in GB.
        memory_max_gb: Most memory of each GPU, in GB.
        vendor: Who makes the GPU; kept only where no model is named, since a model says it.

    Raises:
        InvalidGPURequest: The values contradict each other or can never be met.

    Example:
        >>> request = GPURequest.parse("8xa100-80gb")
        >>> request.count, request.models, request.memory_min_gb
        (8, ('a100',), 80)
        >>> str(request)
        'a100-80gb:8'
    """

    __slots__ = _FIELDS

    count: int | float
    models: tuple[str, ...]
    memory_min_gb: int | float | None
    memory_max_gb: int | float | None
    vendor: str | None

    def __init__(
        self,
        count: float = 1,
        models: Sequence[str] = (),
        memory_min_gb: float | None = None,
        memory_max_gb: float | None = None,
        vendor: str | None = None,
    ) -> None:
        try:
            fields = _checked(Fields(count, tuple(models), memory_min_gb, memory_max_gb, vendor))
        except Refusal as refusal:
            raise refusal.about(tuple(models)) from None
        for name, value in zip(_FIELDS, fields, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, value: str | int | GPURequest) -> GPURequest:
        """Return the request that a text, a count, or a request already parsed, names.

        Args:
            value: Text of the grammar, or a number of GPUs of any model.

        Raises:
            InvalidGPURequest: The text cannot be read; the message points at the token.

        Example:
            >>> str(GPURequest.parse("a100-80gb.sxm.4x"))
            'a100-80gb:4'
            >>> str(GPURequest.parse(2))
            'gpu:2'
        """
        if isinstance(value, GPURequest):
            return value
        try:
            return cls(*_checked(read(value)))
        except Refusal as refusal:
            raise refusal.about(value) from None

    def accepts(self, model: str, memory_gb: float) -> bool:
        """Return whether a GPU of this model and memory will do (its count aside).

        Args:
            model: The GPU's model, as `gpu_models.MODELS` names it.
            memory_gb: Its memory in GB, as the vendor states it.

        Example:
            >>> GPURequest.parse("amd:64gb+").accepts("mi300x", 192)
            True
        """
        if self.models and model not in self.models:
            return False
        if self.vendor and (model not in MODELS or MODELS[model].vendor != self.vendor):
            return False
        return _within(memory_gb, self.memory_min_gb, self.memory_max_gb)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(f"a GPURequest is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"a GPURequest is immutable: cannot delete {name}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GPURequest):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[type[GPURequest], tuple[object, ...]]:
        return GPURequest, self._values()

    def __repr__(self) -> str:
        return f"GPURequest.parse({str(self)!r})"

    def __str__(self) -> str:
        low, high = self.memory_min_gb, self.memory_max_gb
        exact = bool(self.models) and low is not None and low == high
        suffix = f"-{_decimal(low)}gb" if exact and low is not None else ""
        tokens = [self.vendor] if self.vendor else []
        tokens.append(",".join(model + suffix for model in self.models) or "gpu")
        if not exact and (low, high) != (None, None):
            tokens.append(_memory_text(low, high))
        if self.count != 1:
            tokens.append(_decimal(self.count))
        return ":".join(tokens)

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in _FIELDS)


def parse_gpu(
    value: str | int | GPURequest | Sequence[str | int | GPURequest] | None,
) -> tuple[GPURequest, ...]:
    """Return the requests of a `gpu=`, in order of preference: the first that can be placed wins.

    Args:
        value: A request, an ordered list of requests, or None for no GPU.

    Raises:
        InvalidGPURequest: One of them cannot be read, or the list is empty.

    Example:
        >>> [str(request) for request in parse_gpu(["h100:8", "a100-80gb:8"])]
        ['h100:8', 'a100-80gb:8']
        >>> parse_gpu(None)
        ()
    """
    if value is None:
        return ()
    if isinstance(value, str | int | GPURequest):
        return (GPURequest.parse(value),)
    try:
        if not isinstance(value, list | tuple):
            read(value)
        if not value:
            raise Refusal("the list is empty", "leave gpu unset for a task without a GPU")
    except Refusal as refusal:
        raise refusal.about(value) from None
    return tuple(GPURequest.parse(item) for item in value)


def _checked(fields: Fields) -> Fields:
    """Return the values in their canonical types, or refuse what can never be met."""
    count, models, _, _, vendor = fields
    low, high = _whole(fields.memory_min_gb), _whole(fields.memory_max_gb)
    _check_count(count)
    _check_memory(low, high)
    _check_models(models, low, high)
    _check_vendor(vendor, models)
    return Fields(count, models, low, high, None if models else vendor)


def _check_count(count: object) -> None:
    if isinstance(count, bool) or not isinstance(count, int | float):
        raise Refusal(f"{count!r} is not a count", "the count is a number such as 4 or 0.5")
    if isinstance(count, int) and abs(count) > MAX_COUNT:
        raise Refusal("no cluster is so large", f"the count is at least 1, at most {MAX_COUNT}")
    if count <= 0:
        raise Refusal(
            f"count {count} is too small",
            "the count is at least 1, or a share of one GPU such as 0.5; for none leave gpu unset",
        )
    if isinstance(count, float) and not count < 1:
        raise Refusal(
            f"count {count} is neither whole nor a fraction of one GPU",
            "write a whole count such as 2, or a share of one GPU such as 0.5",
        )


def _check_memory(low: float | None, high: float | None) -> None:
    for size in (low, high):
        if size is not None and not GB_PER_UNIT["mb"] <= size <= _MAX_MEMORY_GB:
            raise Refusal(
                f"no GPU has {size} GB of memory", "write the memory of one GPU, such as 40gb+"
            )
    if low is not None and high is not None and low > high:
        raise Refusal(
            f"memory range {_memory_text(low, high)} is reversed",
            f"write {_memory_text(high, low)}",
        )


def _check_models(models: tuple[str, ...], low: float | None, high: float | None) -> None:
    for position, model in enumerate(models):
        if model not in MODELS:
            refuse_unknown(model)
        if model in models[:position]:
            raise Refusal(f"model {model} is given twice", "name each model once")
        sizes = MODELS[model].memory_gb
        if not any(_within(size, low, high) for size in sizes):
            raise Refusal(
                f"there is no {model} with {_memory_text(low, high, plain=True)}",
                f"{model} has {' or '.join(map(str, sizes))} GB: write {model}-{sizes[-1]}gb",
            )


def _check_vendor(vendor: str | None, models: tuple[str, ...]) -> None:
    if vendor is not None and vendor not in VENDORS:
        raise Refusal(f"unknown vendor {vendor!r}", f"vendors: {', '.join(VENDORS)}")
    for model in models:
        maker = MODELS[model].vendor
        if vendor is not None and vendor != maker:
            raise Refusal(f"{model} is made by {maker}, not {vendor}", f"leave out {vendor!r}")


def _within(size: float, low: float | None, high: float | None) -> bool:
    return (low is None or size >= low) and (high is None or size <= high)


def _whole(size: float | None) -> int | float | None:
    return int(size) if isinstance(size, float) and size.is_integer() else size


def _memory_text(low: float | None, high: float | None, *, plain: bool = False) -> str:
    if low is not None and low == high and plain:
        return f"{_decimal(low)}gb"
    if high is None:
        return f"{_decimal(low)}gb+" if low is not None else ""
    return f"{_decimal(low)}gb..{_decimal(high)}gb" if low is not None else f"..{_decimal(high)}gb"


def _decimal(number: float) -> str:
    """Return a number without an exponent, which the grammar does not have."""
    text = repr(_whole(number))
    if "e" not in text:
        return text
    from decimal import Decimal

    return format(Decimal(text), "f")
