"""Memory sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.errors import InvalidTaskConfig
from flowkit.sizes import parse_memory_gb


@pytest.mark.parametrize(
    ("value", "gigabytes"),
    [
        ("64gb", 64),
        ("64GiB", 64),
        ("64 G", 64),
        ("64", 64),
        ("512mb", 0.5),
        ("512m", 0.5),
        ("1.5tb", 1536),
        ("1TiB", 1024),
        (64, 64),
        (0.5, 0.5),
    ],
)
def test_a_size_is_read_as_gigabytes(value: str | float, gigabytes: float) -> None:
    assert parse_memory_gb(value) == gigabytes
    assert isinstance(parse_memory_gb(value), float)


@pytest.mark.parametrize(
    "value",
    [
        *("", "gb", "64kb", "64 apples", "-1gb", "0", "0gb", "1e3gb", "６gb", "9" * 400, "1gb2gb"),
        *(0, -1, float("nan"), float("inf"), 10**400, True, None, b"64gb"),
    ],
)
def test_what_is_no_positive_size_is_refused(value: object) -> None:
    with pytest.raises(InvalidTaskConfig) as caught:
        parse_memory_gb(value)  # type: ignore[arg-type]  # bad types are the point
    assert isinstance(caught.value, ValueError)
    assert "64gb" in (caught.value.hint or "")


@given(st.text(max_size=20) | st.text("0123456789.mgtib ", max_size=8))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    try:
        size = parse_memory_gb(text)
    except InvalidTaskConfig:
        return
    assert size > 0
