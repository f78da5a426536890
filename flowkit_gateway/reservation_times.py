"""Times of reservations, as callers give them and as they are told of others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from flowkit_gateway.contract import invalid
from flowkit_gateway.instants import instant
from flowkit_gateway.problems import Detail
from flowkit_gateway.reservation_calendar import Slot, Span

_LONGEST = 366 * 86400.0
"""Seconds that a reservation may last."""
_LATE = 60.0
"""Seconds by which a start may be past: clocks differ, and calls take their time."""
_MOST_NAMED = 3
"""Other times that are named where there are not enough units."""


def span_of(wanted: Mapping[str, object], now: float) -> Span:
    """Return the time that is wanted.

    Raises:
        InvalidRequest: it is past, ends before it begins, or is too long.
    """
    start_at = now
    if "start_at" in wanted:
        start_at = instant(cast("str", wanted["start_at"]), "/body/start_at").timestamp()
    end_at = instant(cast("str", wanted["end_at"]), "/body/end_at").timestamp()
    if start_at < now - _LATE:
        detail = Detail("/body/start_at", "is past", "leave it out to start now")
    elif end_at <= now:
        detail = Detail("/body/end_at", "is past", "end it at a time to come")
    elif end_at <= start_at:
        detail = Detail("/body/end_at", "is not after the start", "end it later")
    elif end_at - start_at > _LONGEST:
        hint = "reserve less, and let it be renewed with auto_renew"
        detail = Detail("/body/end_at", "is more than a year after the start", hint)
    else:
        return max(now, start_at), end_at
    raise invalid([detail])


def other_times(slots: Sequence[Slot]) -> str:
    """Return a hint that names times at which what is wanted is free."""
    if not slots:
        return "reserve fewer or for a shorter time; what runs without a max_run_time is in the way"
    named = ", ".join(f"from {clock(slot.start_at)}" for slot in slots[:_MOST_NAMED])
    return f"as many are free for as long {named}"


def clock(at: float) -> str:
    """Return a time for people, in UTC and whole seconds."""
    # Rounded up: a moment earlier it may not be free yet.
    return datetime.fromtimestamp(math.ceil(at), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
