"""What an instance must offer."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from flowkit.errors import InvalidRequest
from flowkit.gpus import GPURequest
from flowkit.money import minor_units
from flowkit.sizes import parse_memory_gb
from flowkit.suggestions import did_you_mean

_OTHER_NAMES = {"gpu": "gpu_type", "max_price": "max_price_per_hour"}


@attrs.define(kw_only=True)
class InstanceRequirements:
    """What an instance must offer; what is None does not matter.

    Args:
        gpu_type: A GPU model or request, such as `a100` or `a100-80gb:4`.
        min_gpu_memory_gb: Least memory of one GPU: a number of GB, or text such as `40gb`.
        max_price_per_hour: Most to pay for one hour, in US dollars.
        region: Where it must be.

    Raises:
        InvalidRequest: a value cannot be read.

    Example:
        >>> InstanceRequirements(gpu_type="a100", max_price_per_hour=8.0).max_price_per_hour
        8.0
    """

    gpu_type: str | None = None
    min_gpu_memory_gb: float | str | None = None
    max_price_per_hour: float | str | None = None
    region: str | None = None

    def __attrs_post_init__(self) -> None:
        self.query()

    @classmethod
    def of(
        cls, value: InstanceRequirements | Mapping[str, object] | str | None
    ) -> InstanceRequirements:
        """Return requirements given as such, as a dict of their fields or as a GPU type.

        Raises:
            InvalidRequest: there is no such field, or a value cannot be read.

        Example:
            >>> InstanceRequirements.of({"gpu_type": "a100", "max_price": 8.0}).gpu_type
            'a100'
        """
        if isinstance(value, InstanceRequirements):
            return value
        if value is None or isinstance(value, str):
            return cls(gpu_type=value)
        if not isinstance(value, Mapping):
            raise InvalidRequest(
                f"requirements of type {type(value).__name__} cannot be read",
                hint="a GPU type, a dict, or InstanceRequirements",
            )
        known = [attribute.name for attribute in attrs.fields(cls)]
        fields = {_OTHER_NAMES.get(name, name): item for name, item in value.items()}
        for name in fields:
            if name not in known:
                raise InvalidRequest(
                    f"instances have no requirement {name!r}",
                    hint=did_you_mean(str(name), known) or f"known: {', '.join(known)}",
                )
        # What the values are, `query` checks.
        return cls(**fields)  # type: ignore[arg-type]  # checked by query

    def query(self) -> tuple[str | None, float | None, int | None, str | None]:
        """Return the GPU type, the memory in GB, the price in cents and the region."""
        return (
            None if self.gpu_type is None else str(GPURequest.parse(self.gpu_type)),
            None if self.min_gpu_memory_gb is None else parse_memory_gb(self.min_gpu_memory_gb),
            None if self.max_price_per_hour is None else minor_units(self.max_price_per_hour),
            self._checked_region(),
        )

    def _checked_region(self) -> str | None:
        if self.region is not None and (not isinstance(self.region, str) or not self.region):
            raise InvalidRequest("the region is no text, or empty", hint="leave it out for any")
        return self.region
