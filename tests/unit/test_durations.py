"""Durations and points in time as people write them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.durations import format_duration, parse_duration, parse_since
from flowkit.errors import InvalidRequest, InvalidTaskConfig

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1h30m", 5400),
        ("30m1h", 5400),
        (" 1 H 30 M ", 5400),
        ("0.5h", 1800),
        (2, 2),
        (0.25, 0.25),
        (timedelta(minutes=2), 120),
    ],
)
def test_a_duration_is_read_as_seconds(value: str | float | timedelta, seconds: float) -> None:
    assert parse_duration(value) == seconds
    assert isinstance(parse_duration(value), float)


@pytest.mark.parametrize(
    "value",
    [
        *("", "s", "5x", "5 minutes", "1h1h", "0s", "-5m", "1h-5m", "9" * 400 + "w", "５m", "1:30"),
        *(0, -1, float("nan"), float("inf"), 10**400, True, None, timedelta(0), timedelta(-1), []),
    ],
)
def test_what_is_no_positive_duration_is_refused(value: object) -> None:
    with pytest.raises(InvalidTaskConfig) as caught:
        parse_duration(value)  # type: ignore[arg-type]  # bad types are the point
    assert isinstance(caught.value, ValueError)
    assert caught.value.hint


def test_text_without_a_unit_is_refused_with_both_readings() -> None:
    with pytest.raises(InvalidTaskConfig, match="unit is missing") as caught:
        parse_duration("90")
    assert "90s" in (caught.value.hint or "")
    assert "90m" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "0.25s"),
        (0.0001, "0s"),
        (10, "10s"),
        (59.9996, "1m"),
        (60, "1m"),
        (90.4, "1m30s"),
        (5400, "1h30m"),
        (3601, "1h1s"),
        (1_209_600, "14d"),
        (-90, "-1m30s"),
    ],
)
def test_a_duration_is_written_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(1, 10**9))
def test_whole_seconds_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(max_size=20) | st.text("0123456789.wdhms ", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except InvalidTaskConfig:
        return
    assert seconds > 0


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local zone that is neither UTC nor without summer time."""
    with monkeypatch.context() as context:
        context.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", "2026-11-20T09:55:00+00:00"),
        ("1h30m ago", "2026-11-20T08:30:00+00:00"),
        ("1d 2h", "2026-11-19T08:00:00+00:00"),
        ("2026-11-20 10:00", "2026-11-20T09:00:00+00:00"),
        ("2026-07-20 10:00", "2026-07-20T08:00:00+00:00"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20 10:00 UTC", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00-08:00", "2026-11-20T18:00:00+00:00"),
        ("2026-11-20 10:00 CET", "2026-11-20T09:00:00+00:00"),
        ("2026-11-20 10:00 CEST", "2026-11-20T08:00:00+00:00"),
        ("2026-11-20", "2026-11-19T23:00:00+00:00"),
        ("9:30", "2026-11-20T08:30:00+00:00"),
        ("20 Nov 9am", "2026-11-20T08:00:00+00:00"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_a_time_is_a_duration_ago_or_local_or_has_a_zone(text: str, expected: str) -> None:
    moment = parse_since(text, NOW)
    assert moment.isoformat() == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "5",
            "20261120",
            "1.5",
            "2026-11",
            "yesterday",
            "5 minutes",
            "2 hours ago",
            "-5m",
        ),
        *("0s", "1h1h", "1h -5m", "999999w", "9999999-01-01", "1" * 5000),
        *("2026-11-20 10:00 EST", "2026-11-20 10:00 GMT+3"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_what_dateutil_would_guess_at_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_since(text, NOW)
    assert caught.value.hint


@given(st.text(max_size=20) | st.text("0123456789-:TZ+ adhmsw", max_size=20))
def test_any_text_is_a_time_in_utc_or_refused(text: str) -> None:
    try:
        moment = parse_since(text, NOW)
    except InvalidRequest:
        return
    assert moment.tzinfo is UTC
