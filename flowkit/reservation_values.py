"""What people write of a reservation: its name, its machines and its time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from flowkit.durations import parse_duration, parse_moment
from flowkit.errors import InvalidRequest
from flowkit.instances import InstanceTypeName

Moment: TypeAlias = datetime | str
"""A point in time: one with a zone or in local time, or text such as `2026-11-20 10:00` or `2h`,
which is in two hours."""

RESERVATION_ID = "reservation_[0-9a-z]{26}"
RESERVATION_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
MOST_INSTANCES = 100_000


class Window(NamedTuple):
    """The time of a reservation."""

    start_at: datetime | None
    """None for now."""
    end_at: datetime


def read_reservation_name(value: object) -> str:
    """Return a reservation's name.

    Raises:
        InvalidRequest: it cannot be one.
    """
    if isinstance(value, str) and re.fullmatch(RESERVATION_NAME, value):
        return value
    raise InvalidRequest(
        f"invalid reservation name {_shown(value)}",
        hint="use up to 64 letters, digits, . _ and -, and begin with a letter or digit",
    )


def read_instance_type(value: object) -> str:
    """Return the name of an instance type.

    Raises:
        InvalidGPURequest: it cannot be read.
        InvalidRequest: it is no text.
    """
    if not isinstance(value, str):
        raise InvalidRequest(
            f"invalid instance type {_shown(value)}", hint="text such as 4xa100-80gb"
        )
    InstanceTypeName.parse(value)
    return value


def read_quantity(value: object) -> int:
    """Return a number of instances.

    Raises:
        InvalidRequest: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_INSTANCES:
        return value
    raise InvalidRequest(
        f"invalid quantity {_shown(value)}", hint=f"a whole number from 1 to {MOST_INSTANCES}"
    )


def read_moment(value: object, now: datetime | None = None) -> datetime:
    """Return a point in time, with a zone.

    Args:
        value: What somebody wrote, a `Moment`.
        now: The present, with a zone; that of the clock unless given.

    Raises:
        InvalidRequest: it cannot be read.

    Example:
        >>> read_moment("2h", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)).isoformat()
        '2026-11-20T12:00:00+00:00'
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, str):
        return parse_moment(value, now or datetime.now(UTC))
    raise InvalidRequest(
        f"invalid time {_shown(value)}", hint="a datetime, or text such as 2026-11-20 10:00 or 2h"
    )


def read_window(
    duration: str | float | timedelta | None, start_at: Moment | None, end_at: Moment | None
) -> Window:
    """Return the time of a reservation.

    Args:
        duration: How long it lasts, in place of `end_at`.
        start_at: When it begins; now unless given.
        end_at: When it ends.

    Raises:
        InvalidRequest: one of them cannot be read, or it is not said when it ends, or twice.
    """
    if (duration is None) == (end_at is None):
        said = "not said" if duration is None else "said twice"
        raise InvalidRequest(
            f"it is {said} when the reservation ends", hint="give a duration, or end_at"
        )
    now = datetime.now(UTC)
    start = None if start_at is None else read_moment(start_at, now)
    if end_at is not None:
        end = read_moment(end_at, now)
    else:
        try:
            end = (start or now) + timedelta(seconds=parse_duration(duration or 0))
        except OverflowError:
            raise InvalidRequest(
                "the reservation ends after the last year", hint="make it shorter"
            ) from None
    if end <= (start or now):
        raise InvalidRequest(
            "the reservation ends before it begins", hint="end it after its start, in time to come"
        )
    return Window(start, end)


def _shown(value: object) -> str:
    if isinstance(value, str | float):
        return repr(value)[:80]
    if isinstance(value, int) and abs(value) < 10**18:
        return repr(value)
    return f"of type {type(value).__name__}"
