# Written by `make regen` from flowkit/_async/instances.py: edit that file.
"""What tasks can run on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.instance_types import list_instance_types, normalize_instance_type
from flowkit_api.models import InstanceType, InstanceTypeRequest

from flowkit._sync.paging import listed
from flowkit.instances import InstanceTypeName, check_count
from flowkit.requirements import InstanceRequirements

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport


def find_instances(
    api: Transport,
    requirements: InstanceRequirements | Mapping[str, object] | str | None,
    limit: int | None,
) -> list[InstanceType]:
    """Return the machines that meet requirements, cheapest first."""
    gpu_type, memory, price, region = InstanceRequirements.of(requirements).query()
    request = partial(
        list_instance_types.request,
        gpu_type=gpu_type,
        min_gpu_memory_gb=memory,
        max_price_per_hour=price,
        region=region,
    )
    return [found for found in listed(api, request, list_instance_types.parse, limit=limit)]


def normalize(api: Transport, gpu_count: int, gpu_type: str | None) -> tuple[str, int, str | None]:
    """Return an instance type, a number of instances, and a warning when GPUs are wasted."""
    check_count(gpu_count)
    if gpu_type is not None:
        InstanceTypeName.parse(gpu_type)
    body = InstanceTypeRequest(gpu_count=gpu_count, gpu_type=gpu_type)
    request = normalize_instance_type.request(body=body)
    found = api.call(request, normalize_instance_type.parse)
    return found.instance_type, found.num_instances, found.warning
