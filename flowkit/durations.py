"""Durations and points in time as people write them: `90s`, `1h30m`, `2026-11-20 10:00`."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from flowkit.errors import InvalidRequest, InvalidTaskConfig

_SECONDS_PER_UNIT = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = r"([0-9]+(?:\.[0-9]+)?)([wdhms])"
_AGO_HINT = "write how long ago (5m, 2h, 1d) or when (2026-11-20 10:00, 2026-11-20T10:00:00Z)"
_FROM_NOW_HINT = "write in how long (5m, 2h, 1d) or when (2026-11-20 10:00, 2026-11-20T10:00:00Z)"
_UNITS_HINT = "write it with a unit: 90s, 10m, 2h, 1d, 1w or 1h30m"


def parse_duration(value: str | float | timedelta) -> float:
    """Return a duration in seconds.

    Args:
        value: Text with a unit each part (`w d h m s`, each at most once), a number of seconds,
            or a timedelta.

    Raises:
        InvalidTaskConfig: The text has no unit or an unknown one, or the duration is not a
            positive number.

    Example:
        >>> parse_duration("90s"), parse_duration("1h30m"), parse_duration(2)
        (90.0, 5400.0, 2.0)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | timedelta):
        raise _invalid(value, f"a duration is text or a number, not {type(value).__name__}")
    if isinstance(value, str):
        seconds = _seconds_of_text(value)
    elif isinstance(value, timedelta):
        seconds = value.total_seconds()
    else:
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
    if not (math.isfinite(seconds) and seconds > 0):
        raise _invalid(value, "a duration is more than 0 and finite")
    return seconds


def _seconds_of_text(text: str) -> float:
    compact = "".join(text.split()).lower()
    if re.fullmatch(r"[0.]*0[0.]*", compact):
        raise _invalid(text, "a duration is more than 0")
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", compact):
        raise _invalid(
            text, "the unit is missing", f"write {compact}s for seconds, {compact}m for minutes"
        )
    if not re.fullmatch(f"(?:{_PART})+", compact):
        raise _invalid(text, "not a duration")
    parts = re.findall(_PART, compact)
    if len({unit for _, unit in parts}) < len(parts):
        raise _invalid(text, "a unit is given twice")
    return math.fsum(float(number) * _SECONDS_PER_UNIT[unit] for number, unit in parts)


def _invalid(value: object, problem: str, hint: str = _UNITS_HINT) -> InvalidTaskConfig:
    if isinstance(value, str | float | timedelta):
        shown = repr(value)[:60]
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        shown = repr(value)
    else:
        shown = f"of type {type(value).__name__}"
    return InvalidTaskConfig(f"invalid duration {shown}: {problem}", hint=hint)


def format_duration(seconds: float) -> str:
    """Return a duration as people write it; `parse_duration` reads it back.

    Args:
        seconds: Any finite number; from a minute on it is rounded to whole seconds.

    Example:
        >>> format_duration(5400), format_duration(0.25), format_duration(90061)
        ('1h30m', '0.25s', '1d1h1m1s')
    """
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if round(seconds, 3) < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    rest = round(seconds)
    text = ""
    for unit in "dhms":
        amount, rest = divmod(rest, _SECONDS_PER_UNIT[unit])
        text += f"{amount}{unit}" if amount else ""
    return text


def parse_since(text: str, now: datetime) -> datetime:
    """Return the point in time that a `--since` names, in UTC.

    Args:
        text: A duration ago (`5m`, `1h30m ago`) or a time that python-dateutil reads
            (`2026-11-20 10:00`, `10:00` for today); without a zone it is local time.
        now: The present, with a zone.

    Raises:
        InvalidRequest: The text is neither, or names a zone that is not known for sure.

    Example:
        >>> now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
        >>> parse_since("90s", now).isoformat()
        '2026-11-20T09:58:30+00:00'
        >>> parse_since("2026-11-19T23:00:00+02:00", now).isoformat()
        '2026-11-19T21:00:00+00:00'
    """
    compact = re.sub(r"\s*ago\s*$", "", text, flags=re.IGNORECASE)
    if re.fullmatch(rf"\s*(?:{_PART}\s*)+", compact, re.IGNORECASE):
        try:
            return now.astimezone(UTC) - timedelta(seconds=parse_duration(compact))
        except OverflowError:
            raise _invalid_time(text, "it is before the first year", _AGO_HINT) from None
    return _read_time(text, now, _AGO_HINT)


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the point in time that text names, in UTC.

    Args:
        text: A duration from now (`2h`, `in 1h30m`) or a time that python-dateutil reads
            (`2026-11-20 10:00`, `10:00` for today); without a zone it is local time.
        now: The present, with a zone.

    Raises:
        InvalidRequest: The text is neither, or names a zone that is not known for sure.

    Example:
        >>> parse_moment("in 90s", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)).isoformat()
        '2026-11-20T10:01:30+00:00'
    """
    compact = re.sub(r"^\s*in\s+", "", text, flags=re.IGNORECASE)
    if re.fullmatch(rf"\s*(?:{_PART}\s*)+", compact, re.IGNORECASE):
        try:
            return now.astimezone(UTC) + timedelta(seconds=parse_duration(compact))
        except OverflowError:
            raise _invalid_time(text, "it is after the last year", _FROM_NOW_HINT) from None
    return _read_time(text, now, _FROM_NOW_HINT)


def _read_time(text: str, now: datetime, hint: str) -> datetime:
    # What dateutil would guess at: a number as a day of this month, `2026-11` as a day of that
    # one, `5 minutes` as five past midnight, and `GMT+3` by POSIX as three hours west.
    if not text.strip():
        raise _invalid_time(text, "it is empty", hint)
    if re.fullmatch(r"\s*(?:[0-9.]*|[0-9]{4}-[0-9]{1,2})\s*", text):
        raise _invalid_time(text, "a number alone is neither a duration nor a time", hint)
    if re.search(r"[0-9]\s*(?:[wdhms]|weeks?|days?|hours?|min\w*|sec\w*)\b", text, re.IGNORECASE):
        raise _invalid_time(text, "it is neither a duration nor a time", hint)
    if re.search(r"[a-z]{3,}[+-][0-9]", text, re.IGNORECASE):
        raise _invalid_time(text, "a zone's name and an offset contradict each other", hint)
    return _absolute_time(text, now, hint)


def _absolute_time(text: str, now: datetime, hint: str) -> datetime:
    from dateutil import parser

    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        return parser.parse(text, default=midnight, tzinfos=_zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid_time(text, "not a time that can be read", hint) from error


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    """Return the zone that dateutil found, refusing a name that it would only guess at."""
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    import time

    if name not in time.tzname:
        raise ValueError(f"unknown zone {name}")
    return timezone(timedelta(seconds=-(time.timezone, time.altzone)[time.tzname.index(name)]))


def _invalid_time(text: str, problem: str, hint: str) -> InvalidRequest:
    return InvalidRequest(f"invalid time {text[:60]!r}: {problem}", hint=hint)
