"""When what can be reserved is free, compared with a look at every moment."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit_gateway.reservation_calendar import Calendar, Reservable, Span

UNITS = ("a", "b", "c", "d")
END = 12
SPANS = st.tuples(st.integers(0, END), st.integers(1, 4)).map(
    lambda drawn: (float(drawn[0]), float(drawn[0] + drawn[1]))
)
RESERVED = st.lists(st.tuples(st.sets(st.sampled_from(UNITS), min_size=1), SPANS), max_size=5)
BUSY = st.dictionaries(st.sampled_from(UNITS), st.sampled_from([3.0, 7.0, math.inf]), max_size=3)


def one_gpu(units_each: int = 1, instances_each: int = 1) -> Reservable:
    """Return what can be reserved of all units."""
    return Reservable("1xa100", UNITS, False, units_each, instances_each)


def free_at(moment: int, reserved: list[tuple[set[str], Span]], busy: dict[str, float]) -> set[str]:
    """Return what is free in the second that begins then."""
    taken = {unit for units, (begin, end) in reserved if begin <= moment < end for unit in units}
    return {unit for unit in UNITS if unit not in taken and busy.get(unit, 0.0) <= moment}


@given(reserved=RESERVED, busy=BUSY, wanted=SPANS)
def test_units_are_free_that_are_free_at_every_moment(
    reserved: list[tuple[set[str], Span]], busy: dict[str, float], wanted: Span
) -> None:
    moments = range(int(wanted[0]), int(wanted[1]))
    throughout = set(UNITS).intersection(*(free_at(each, reserved, busy) for each in moments))
    assert set(Calendar(reserved, busy).free(UNITS, wanted)) == throughout


@given(reserved=RESERVED, busy=BUSY, quantity=st.integers(1, 4))
def test_slots_are_the_longest_times_throughout_which_as_many_are_free(
    reserved: list[tuple[set[str], Span]], busy: dict[str, float], quantity: int
) -> None:
    slots = Calendar(reserved, busy).slots(one_gpu(), quantity, (0.0, float(END)))
    expected: list[tuple[int, int, int]] = []
    for begin in range(END):
        throughout, end = free_at(begin, reserved, busy), begin
        while end < END and len(both := throughout & free_at(end, reserved, busy)) >= quantity:
            throughout, end = both, end + 1
        if end > begin and (not expected or end > expected[-1][1]):
            expected.append((begin, end, len(throughout)))
    assert slots == expected


@pytest.mark.parametrize(
    ("kind", "quantity", "units", "free", "instances"),
    [
        (one_gpu(units_each=2), 2, 4, 3, 1),
        (one_gpu(instances_each=2), 3, 2, 3, 6),
        (one_gpu(), 1, 1, 0, 0),
    ],
)
def test_instances_and_units(
    kind: Reservable, quantity: int, units: int, free: int, instances: int
) -> None:
    """An instance of two GPUs takes two units; a machine of eight holds two of four."""
    assert kind.units_of(quantity) == units
    assert kind.instances_in(free) == instances
