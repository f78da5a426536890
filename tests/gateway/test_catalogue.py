"""What is offered."""

from __future__ import annotations

import pytest

from flowkit_gateway.catalogue import Catalogue
from flowkit_gateway.engines.engine import Capacity
from flowkit_gateway.placement import Pool
from flowkit_gateway.problems import InvalidGPURequest, NoCapacity
from flowkit_gateway.store.rows import Placement
from tests.gateway.controlled_engine import GB, gpus

DEVICES = (*gpus(6, "a100", 80), *gpus(2, "a100", 40), *gpus(1, "t4", 16))


@pytest.fixture
def pool() -> Pool:
    """Six A100-80GB, two A100-40GB and a T4."""
    return Pool(Capacity(16.0, 64 * GB, DEVICES))


@pytest.fixture
def catalogue(pool: Pool) -> Catalogue:
    """What is offered of them."""
    return Catalogue(pool)


def names(documents: list[dict[str, object]]) -> list[object]:
    """Return the names of instance types."""
    return [document["name"] for document in documents]


def test_types_are_ordered_by_memory_and_name_after_the_machine_itself(
    catalogue: Catalogue,
) -> None:
    assert names(catalogue.instance_types()) == [
        "cpu",
        "1xt4",
        "1xa100-40gb",
        "2xa100-40gb",
        "1xa100-80gb",
        "2xa100-80gb",
        "4xa100-80gb",
        "6xa100-80gb",
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"gpu_type": "t4"}, ["1xt4"]),
        ({"gpu_type": "a100:4"}, ["4xa100-80gb", "6xa100-80gb"]),
        ({"gpu_type": "a100-40gb"}, ["1xa100-40gb", "2xa100-40gb"]),
        ({"gpu_type": "h100"}, []),
        ({"min_gpu_memory_gb": 41, "gpu_type": "2"}, ["2xa100-80gb", "4xa100-80gb", "6xa100-80gb"]),
        ({"region": "elsewhere"}, []),
    ],
)
def test_types_are_filtered(
    catalogue: Catalogue, filters: dict[str, object], expected: list[str]
) -> None:
    assert names(catalogue.instance_types(**filters)) == expected  # type: ignore[arg-type]  # by name


def test_what_is_available_follows_the_pool(pool: Pool, catalogue: Catalogue) -> None:
    pool.take(Placement(4.5, 0, ("a100-80-0", "a100-80-1"), (0, 1)))
    pool.take(Placement(0.5, 0, ("a100-80-2",), (2,), share=0.1))
    found = {each["name"]: each["available"] for each in catalogue.instance_types()}
    assert found["cpu"] == 11
    assert [found[f"{size}xa100-80gb"] for size in (1, 2, 4, 6)] == [3, 1, 0, 0]


def test_a_type_outside_the_grammar_is_told(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        catalogue.instance_types(gpu_type="a1000")
    assert caught.value.details[0].loc == "/query/gpu_type"


def test_a_number_of_gpus_becomes_instances(catalogue: Catalogue) -> None:
    assert catalogue.normalize(3, "a100-80gb") == {
        "instance_type": "4xa100-80gb",
        "num_instances": 1,
        "warning": "rounded up from 3 to 4 GPUs",
    }
    assert catalogue.normalize(12, None) == {"instance_type": "6xa100-80gb", "num_instances": 2}


def test_a_model_that_is_not_offered_is_told(catalogue: Catalogue) -> None:
    with pytest.raises(NoCapacity) as caught:
        catalogue.normalize(1, "h100")
    assert caught.value.hint is not None
    assert "6xa100-80gb" in caught.value.hint
    with pytest.raises(InvalidGPURequest):
        catalogue.normalize(1, "a1000")


@pytest.mark.parametrize("devices", [(), gpus(1, "gtx1080ti", 11), gpus(1, "a100", 10)])
def test_without_a_gpu_that_has_a_name_nothing_is_normalized(devices: tuple[object, ...]) -> None:
    catalogue = Catalogue(Pool(Capacity(1.0, 0, devices)))  # type: ignore[arg-type]  # devices
    with pytest.raises(NoCapacity):
        catalogue.normalize(1, None)


def test_a_machine_without_gpus_says_so() -> None:
    catalogue = Catalogue(Pool(Capacity(1.0, 0, ())))
    assert names(catalogue.instance_types()) == ["cpu"]
    assert "no GPUs" in catalogue.hint()
    assert not catalogue.simulated
