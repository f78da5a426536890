"""Names of instance types, and how a number of GPUs becomes whole instances."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.errors import InvalidGPURequest, NoCapacity
from flowkit.gpu_models import MODELS
from flowkit.gpus import GPURequest
from flowkit.instances import InstanceTypeName, Offer, normalize

A100_OFFERS = [Offer("a100", 40, 1), Offer("a100", 80, 1), Offer("a100", 80, 8)]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("4xa100-80gb", "4xa100-80gb"),
        ("a100-80gb.sxm.4x", "4xa100-80gb"),
        ("8xh200", "8xh200"),
        ("h200-141gb", "1xh200"),
        ("gh200:..100gb", "1xgh200-96gb"),
        ("a100:40gb+", "1xa100"),
        ("a100:8", "8xa100"),
        ("RTX-4090", "1xrtx4090"),
        ("cpu", "cpu"),
        (" 16 x CPU ", "16xcpu"),
    ],
)
def test_a_name_in_any_spelling_has_one_canonical_form(text: str, canonical: str) -> None:
    name = InstanceTypeName.parse(text)
    assert str(name) == canonical
    assert InstanceTypeName.parse(canonical) == name


def test_a_name_says_its_parts() -> None:
    assert InstanceTypeName.parse("4xa100-80gb") == InstanceTypeName(4, "a100", 80)
    assert InstanceTypeName.parse("8xh200") == InstanceTypeName(8, "h200", 141)
    assert InstanceTypeName.parse("16xcpu") == InstanceTypeName(0, cpus=16)


def test_no_suffix_means_the_largest_memory_that_is_offered() -> None:
    assert str(InstanceTypeName.parse("a100", A100_OFFERS)) == "1xa100-80gb"
    assert str(InstanceTypeName.parse("a100", A100_OFFERS[:1])) == "1xa100-40gb"
    assert str(InstanceTypeName.parse("a100-40gb", A100_OFFERS)) == "1xa100-40gb"
    assert str(InstanceTypeName.parse("h100", A100_OFFERS)) == "1xh100"


@pytest.mark.parametrize("text", ["gpu:4", "h100,a100", "40gb", "amd:2", "foo", "", "h100:0.5"])
def test_a_name_names_whole_gpus_of_exactly_one_model(text: str) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        InstanceTypeName.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["0xcpu", f"{'9' * 5000}xcpu", "-1xcpu", "cpu:4"])
def test_a_number_of_cpus_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InvalidGPURequest):
        InstanceTypeName.parse(text)


@pytest.mark.parametrize(
    ("gpu_count", "expected"),
    [
        (1, ("1xh200", 1, None)),
        (2, ("2xh200", 1, None)),
        (3, ("4xh200", 1, "rounded up from 3 to 4 GPUs")),
        (8, ("8xh200", 1, None)),
        (9, ("4xh200", 3, "rounded up from 9 to 12 GPUs")),
        (12, ("4xh200", 3, None)),
        (16, ("8xh200", 2, None)),
        (17, ("4xh200", 5, "rounded up from 17 to 20 GPUs")),
    ],
)
def test_without_a_catalogue_sizes_are_1_2_4_8(
    gpu_count: int, expected: tuple[str, int, str | None]
) -> None:
    assert tuple(normalize(gpu_count, "h200")) == expected


def test_the_catalogue_decides_sizes_and_memory() -> None:
    assert tuple(normalize(2, "a100", A100_OFFERS)) == (
        "8xa100-80gb",
        1,
        "rounded up from 2 to 8 GPUs",
    )
    assert tuple(normalize(2, "a100-40gb", A100_OFFERS)) == ("1xa100-40gb", 2, None)
    assert normalize(3, "a100") == ("4xa100", 1, "rounded up from 3 to 4 GPUs")


def test_a_catalogue_may_be_read_only_once() -> None:
    assert normalize(8, "a100", iter(A100_OFFERS)).instance_type == "8xa100-80gb"


@pytest.mark.parametrize("catalogue", [[], [Offer("h200", 141, 8)]])
def test_a_model_that_is_not_offered_is_no_capacity_and_says_what_is(
    catalogue: list[Offer],
) -> None:
    with pytest.raises(NoCapacity) as caught:
        normalize(1, "a100", catalogue)
    assert ("8xh200" if catalogue else "nothing") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("gpu_count", "gpu_type"),
    [(0, "a100"), (-1, "a100"), (True, "a100"), (1.5, "a100"), (2, "4xa100"), (1, "gpu"), (1, "x")],
)
def test_a_count_or_type_that_makes_no_sense_is_refused(gpu_count: int, gpu_type: str) -> None:
    with pytest.raises(InvalidGPURequest):
        normalize(gpu_count, gpu_type)


@given(st.integers(1, 2000), st.lists(st.integers(1, 64), min_size=1, max_size=6))
def test_instances_hold_the_gpus_and_waste_least(gpu_count: int, sizes: list[int]) -> None:
    catalogue = [Offer("h200", 141, size) for size in sizes]
    instance_type, num_instances, warning = normalize(gpu_count, "h200", catalogue)
    size = InstanceTypeName.parse(instance_type).gpu_count
    waste = size * num_instances - gpu_count
    assert size in sizes
    assert 0 <= waste < size
    assert (warning is None) == (waste == 0)
    if max(sizes) >= gpu_count:
        assert (num_instances, size) == (1, min(s for s in sizes if s >= gpu_count))
    else:
        rivals = [s for s in sizes if 2 * s >= max(sizes)]
        assert waste == min(-gpu_count % s for s in rivals)


@given(st.sampled_from(sorted(MODELS)), st.integers(1, 64), st.booleans())
def test_every_name_reads_back_as_a_name_and_as_a_request(
    model: str, gpu_count: int, with_memory: bool
) -> None:
    sizes = MODELS[model].memory_gb
    memory = sizes[-1] if with_memory or len(sizes) == 1 else None
    name = InstanceTypeName(gpu_count, model, memory)
    assert InstanceTypeName.parse(str(name)) == name
    request = GPURequest.parse(str(name))
    assert (request.count, request.models) == (gpu_count, (model,))


@given(
    st.text(max_size=20)
    | st.sampled_from(list(itertools.product("0145x", "xc", "cpu"))).map("".join)
)
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = InstanceTypeName.parse(text)
    except InvalidGPURequest:
        return
    assert InstanceTypeName.parse(str(name)) == name
