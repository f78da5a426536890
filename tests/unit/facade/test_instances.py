"""What tasks can run on."""

from __future__ import annotations

from typing import Any

import pytest

from flowkit import (
    InvalidRequest,
)
from tests.unit.facade.gateway import Gateway
from tests.unit.twins import Twin

FOUND = {
    "name": "1xh200",
    "gpu_count": 1,
    "cpus": 8,
    "memory_gb": 64,
    "available": 1,
    "simulated": True,
}


@pytest.mark.parametrize(
    ("requirements", "query"),
    [
        (None, {}),
        ("A100", {"gpu_type": ["a100"]}),
        (
            {"gpu_type": "a100", "max_price": 8.0},
            {"gpu_type": ["a100"], "max_price_per_hour": ["800"]},
        ),
        (
            {"min_gpu_memory_gb": "40gb", "region": "eu"},
            {"min_gpu_memory_gb": ["40.0"], "region": ["eu"]},
        ),
    ],
)
def test_what_is_required(
    twin: Twin, gateway: Gateway, requirements: Any, query: dict[str, list[str]]
) -> None:
    flow = twin.flow(gateway.on("GET /instance_types", {"items": [FOUND]}))
    assert [item.name for item in flow.find_instances(requirements, limit=5)] == ["1xh200"]
    assert gateway.queries == [{"page_size": ["5"], **query}]


@pytest.mark.parametrize(
    "requirements",
    [{"gpu": "a1000"}, {"gputype": "a100"}, {"max_price": "x"}, {"min_gpu_memory_gb": 0}, 7],
)
def test_a_wrong_requirement_is_refused(twin: Twin, gateway: Gateway, requirements: Any) -> None:
    with pytest.raises(InvalidRequest):
        twin.flow(gateway).find_instances(requirements)


def test_normalize(twin: Twin, gateway: Gateway) -> None:
    answer = {"instance_type": "4xh200", "num_instances": 1, "warning": "rounded up"}
    flow = twin.flow(gateway.on("POST /instance_types:normalize", answer))
    assert flow.normalize_instance_request(3, "h200") == ("4xh200", 1, "rounded up")
    assert gateway.bodies == [{"gpu_count": 3, "gpu_type": "h200"}]
