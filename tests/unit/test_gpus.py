"""The GPU shorthand: every row of gpu_grammar.csv, and the rules where no row speaks."""

from __future__ import annotations

import copy
import csv
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.errors import InvalidGPURequest
from flowkit.gpu_models import ALIASES, MODELS, VENDORS
from flowkit.gpus import GPURequest, parse_gpu

with (Path(__file__).parent / "gpu_grammar.csv").open(newline="") as table:
    ROWS = list(csv.DictReader(table))
GOOD = [row for row in ROWS if row["outcome"] == "ok"]
BAD = [row for row in ROWS if row["outcome"] == "error"]


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


@pytest.mark.parametrize("row", GOOD, ids=lambda row: repr(row["input"]))
def test_a_good_row_means_what_the_table_says(row: dict[str, str]) -> None:
    request = GPURequest.parse(row["input"])
    assert str(request) == row["canonical"]
    assert request.count == float(row["count"])
    assert request.models == tuple(row["model"].split("|") if row["model"] else ())
    assert request.memory_min_gb == _number(row["mem_min"])
    assert request.memory_max_gb == _number(row["mem_max"])
    assert GPURequest.parse(str(request)) == request


@pytest.mark.parametrize("row", BAD, ids=lambda row: repr(row["input"]))
def test_a_bad_row_is_refused_with_its_hint(row: dict[str, str]) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        GPURequest.parse(row["input"])
    error = caught.value
    assert isinstance(error, ValueError)
    assert row["error_hint"] in str(error)
    assert repr(row["input"]) in error.message
    assert error.hint
    assert str(error).endswith(error.hint)


def test_the_table_has_rows_of_both_kinds() -> None:
    assert len(GOOD) > 40
    assert len(BAD) > 20


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("RTX_4090", "rtx4090"),
        ("rtx-4090-24gb:2", "rtx4090-24gb:2"),
        ("a100_80gb", "a100-80gb"),
        ("a100-81920mb", "a100-80gb"),
        ("a100:40gb+", "a100:40gb+"),
        ("a100:..79gb", "a100:..79gb"),
        ("a100:80gb..80gb", "a100-80gb"),
        ("24gb..24gb", "gpu:24gb..24gb"),
        ("1tb+", "gpu:1024gb+"),
        ("gpu:1.5gb", "gpu:1.5gb+"),
        ("a100,h100:80gb:2", "a100-80gb,h100-80gb:2"),
        ("a10,rtx3090", "a10,rtx3090"),
        ("a100-80gb,h100-80gb", "a100-80gb,h100-80gb"),
        ("0.5xh100", "h100:0.5"),
        ("8xgpu", "gpu:8"),
        ("mi300x8", "mi300x:8"),
        ("8xmi300x", "mi300x:8"),
        ("nvidia:h100,a100", "h100,a100"),
        ("intel", "intel:gpu"),
        ("gpu:4090", "gpu:4090"),
        ("a100:4090", "a100:4090"),
        ("a\t1\n0 0", "a100"),
    ],
)
def test_spellings_and_their_canonical_form(text: str, canonical: str) -> None:
    request = GPURequest.parse(text)
    assert str(request) == canonical
    assert GPURequest.parse(canonical) == request


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("4090:2", "'4090'", "rtx4090"),
        ("2x4090", "'4090'", "rtx4090"),
        ("4090,3090", "'4090'", "rtx4090"),
        ("a100-80", "'a100-80'", "a100-80gb"),
        ("16xcpu", "'cpu'", "leave gpu unset"),
        ("a100 80gb", "'a10080gb'", "a100-80gb"),
        ("4 a100", "'4a100'", "a100:4"),
        ("nvidia a100", "'nvidiaa100'", "a100"),
        ("a100-80gb,h100", "different memory", "a list"),
        ("h100,a100x4", "'a100x4'", "h100,a100:8"),
        ("8xh100,a100", "'8xh100'", "h100,a100:8"),
        ("h100,amd", "'amd'", "amd:2"),
        ("40gb,80gb", "'40gb'", "24gb..80gb"),
        ("gpu,h100", "'gpu'", "any model"),
        ("h100,h100", "h100", "once"),
        ("gpu:a100", "'gpu' and 'a100'", "once"),
        ("gpu-40gb", "'gpu-40gb'", "gpu:40gb"),
        ("h100:1.0", "1.0", "whole count"),
        ("h100:0.0", "0.0", "at least 1"),
        ("24..80gb", "'24..80gb'", "24gb..80gb"),
        ("..", "'..'", "24gb..80gb"),
        ("0gb", "no GPU has 0 GB", "40gb+"),
        ("t4,a100:80gb", "t4", "16 GB"),
        ("a100:90gb+", "90gb+", "80 GB"),
        ("9" * 30, "no cluster", "at most"),
        ("x1" * 800, "too long", "characters"),
        ("ａ100", "'ａ100'", ""),
        ("a100:٤", "'٤'", ""),
        ("a100\u00a0", "a100", ""),
    ],
)
def test_refusals_point_at_the_token_and_say_what_to_write(
    text: str, problem: str, hint: str
) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        GPURequest.parse(text)
    assert problem in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("value", [True, False, 0.5, None, b"a100", {}, 0, -1, 4090])
def test_what_is_neither_text_nor_a_count_is_refused(value: object) -> None:
    with pytest.raises(InvalidGPURequest) as caught:
        GPURequest.parse(value)  # type: ignore[arg-type]  # bad types are the point
    assert caught.value.hint


@pytest.mark.parametrize("sign", [1, -1])
def test_a_count_too_large_for_text_is_refused(sign: int) -> None:
    with pytest.raises(InvalidGPURequest, match="no cluster"):
        GPURequest.parse(sign * 10**6000)
    with pytest.raises(InvalidGPURequest, match="no cluster"):
        GPURequest(sign * 10**6000)


def test_a_bare_number_is_a_count_of_any_model() -> None:
    assert GPURequest.parse(8) == GPURequest.parse("gpu:8")


def test_a_list_is_an_ordered_fallback() -> None:
    assert parse_gpu(["h100:8", 2, GPURequest.parse("t4")]) == (
        GPURequest.parse("h100:8"),
        GPURequest.parse("gpu:2"),
        GPURequest.parse("t4"),
    )
    assert parse_gpu("t4") == (GPURequest.parse("t4"),)
    assert parse_gpu(None) == ()


@pytest.mark.parametrize("value", [[], (), [None], [["t4"]], {"t4": 1}, {"t4"}, True, [""], b"t4"])
def test_a_list_of_anything_else_is_refused(value: object) -> None:
    with pytest.raises(InvalidGPURequest):
        parse_gpu(value)  # type: ignore[arg-type]  # bad types are the point


def test_a_request_is_immutable_and_hashable() -> None:
    request = GPURequest.parse("a100:4")
    with pytest.raises(AttributeError):
        request.count = 8
    with pytest.raises(AttributeError):
        del request.count
    assert len({request, GPURequest.parse("4xa100")}) == 1
    assert request != "a100:4"


def test_a_request_survives_pickle_and_copy() -> None:
    request = GPURequest.parse("h100,a100:40gb+:2")
    assert pickle.loads(pickle.dumps(request)) == request
    assert copy.deepcopy(request) == request
    assert repr(request) == "GPURequest.parse('h100,a100:40gb+:2')"


def test_the_constructor_checks_as_the_parser_does() -> None:
    with pytest.raises(InvalidGPURequest, match="amd"):
        GPURequest(models=["h100"], vendor="amd")
    with pytest.raises(InvalidGPURequest, match="reversed"):
        GPURequest(memory_min_gb=80, memory_max_gb=24)
    with pytest.raises(InvalidGPURequest, match="no GPU has"):
        GPURequest(memory_min_gb=float("nan"))
    with pytest.raises(InvalidGPURequest, match="unknown vendor"):
        GPURequest(vendor="acme")


def test_accepts_compares_model_memory_and_vendor() -> None:
    request = GPURequest.parse("h100,a100:80gb")
    assert request.accepts("a100", 80)
    assert not request.accepts("a100", 40)
    assert not request.accepts("h200", 80)
    assert not GPURequest.parse("amd").accepts("h100", 80)
    assert not GPURequest.parse("nvidia").accepts("a model of next year", 80)
    assert GPURequest.parse("gpu").accepts("a model of next year", 80)


def test_the_models_are_named_once() -> None:
    assert not set(MODELS) & set(ALIASES)
    assert {model.vendor for model in MODELS.values()} == set(VENDORS)
    assert all(list(m.memory_gb) == sorted(m.memory_gb) for m in MODELS.values())
    for name in [*MODELS, *ALIASES]:
        assert name == name.lower().replace("-", "").replace("_", "")
        assert GPURequest.parse(f"2x{name}") == GPURequest.parse(f"{name}x2")


@st.composite
def requests(draw: st.DrawFn) -> GPURequest:
    """Any request that can be built; those that contradict themselves are not requests."""
    count = draw(
        st.integers(1, 1_000_000)
        | st.floats(0, 1, exclude_min=True, exclude_max=True, allow_nan=False)
    )
    models = draw(st.lists(st.sampled_from(sorted(MODELS)), unique=True, max_size=len(MODELS)))
    low: float | None
    high: float | None
    if models:
        low = draw(st.none() | st.floats(1 / 1024, min(MODELS[m].memory_gb[0] for m in models)))
        high = draw(st.none() | st.integers(max(MODELS[m].memory_gb[-1] for m in models), 10**6))
        if len(models) == 1 and draw(st.booleans()):
            low = high = draw(st.sampled_from(MODELS[models[0]].memory_gb))
        vendors = {MODELS[model].vendor for model in models}
        vendor = draw(st.none() | st.just(vendors.pop())) if len(vendors) == 1 else None
    else:
        sizes = st.integers(1, 1_000_000) | st.floats(1 / 1024, 1_000_000)
        low, high = draw(st.none() | sizes), draw(st.none() | sizes)
        if low is not None and high is not None and low > high:
            low, high = high, low
        vendor = draw(st.none() | st.sampled_from(VENDORS))
    return GPURequest(count, models, low, high, vendor)


@given(requests())
def test_every_request_reads_back_from_its_canonical_form(request: GPURequest) -> None:
    again = GPURequest.parse(str(request))
    assert again == request
    assert str(again) == str(request)
    assert hash(again) == hash(request)


WORDS = st.sampled_from(
    [
        *("a100", "rtx4090", "4090", "gpu", "nvidia", "amd", "cpu", "sxm", "tpu-", "80gb", "mb"),
        *("40", "4", "0", "0.5", "9" * 400, "..", *"x-_:,.+*é٣ "),
    ]
)


@given(st.text(max_size=40) | st.lists(WORDS, max_size=8).map("".join))
def test_any_text_is_a_request_or_refused(text: str) -> None:
    refusal = None
    try:
        request = GPURequest.parse(text)
    except InvalidGPURequest as error:
        refusal = error
    if refusal is None:
        assert GPURequest.parse(str(request)) == request
    else:
        assert repr(text[:80]) in refusal.message
        assert refusal.hint
