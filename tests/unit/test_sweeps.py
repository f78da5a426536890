"""Values of a sweep's parameters, their combinations, and what is filled into a case's words."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import count, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit import InvalidSweep
from flowkit.sweeps import (
    MOST_CASES,
    Cases,
    Values,
    fill,
    longest_filled,
    read_parameters,
    read_values,
)

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not name.startswith("FLOWKIT_")
)
VALUES = st.lists(st.text("abc{}$", max_size=4), min_size=1, max_size=5)
PARAMETERS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("case:a,b,c", ["a", "b", "c"]),
        ("case: a, b ", ["a", "b"]),
        ("case:range:1", ["range:1"]),
        ("range:3", ["0", "1", "2"]),
        ("range:0,10,4", ["0", "4", "8"]),
        ("range:3,0,-1", ["3", "2", "1"]),
        ("linspace:0,1,5", ["0", "0.25", "0.5", "0.75", "1"]),
        ("linspace:0.1,0.5,5", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
        ("linspace:1e-3,3e-3,3", ["0.001", "0.002", "0.003"]),
        ("linspace:0,1,4", ["0", "0.3333333333333333", "0.6666666666666667", "1"]),
        ("linspace:10,-10,3", ["10", "0", "-10"]),
        ("linspace:100,300,3", ["100", "200", "300"]),
        ("linspace:5,9,1", ["5"]),
        ("linspace:1e-9,3e-9,2", ["1e-9", "3e-9"]),
        ([1, 2.5, "x", True, 1e-3], ["1", "2.5", "x", "true", "0.001"]),
        (range(2), ["0", "1"]),
        ((Decimal("0.10"), Fraction(1, 2)), ["0.10", "1/2"]),
        ([np.float64(0.1), np.float32(0.1), np.int64(3)], ["0.1", "0.1", "3"]),
        ([""], [""]),
    ],
)
def test_values_become_text(values: Values, expected: list[str]) -> None:
    assert read_values(values) == expected


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ("adam", "LR: 'adam' is no list of values", "write case:a,b,c"),
        ("cases:a", "LR: 'cases:a' is no list of values", "did you mean case?"),
        ("case:a,,b", "a value of case: is empty", "comma"),
        ("range:0,1,0", "step of a range: cannot be 0", "as in 2"),
        ("range:0,1,0.1", "in whole numbers, not '0,1,0.1'", "linspace"),
        ("range:", "in whole numbers, not ''", "as in range"),
        ("range:5,1", "LR has no values", "at least one"),
        ("linspace:0,1", "takes start,stop,count, not '0,1'", "as in linspace"),
        ("linspace:0,1,0", "whole number from 1 on, not '0'", "as in linspace"),
        ("linspace:0,1,2.5", "whole number from 1 on, not '2.5'", "as in linspace"),
        ("linspace:nan,1,2", "takes start,stop,count", "as in linspace"),
        ("range:100000", f"than a sweep has cases \\({MOST_CASES}\\)", "several sweeps"),
        ("linspace:0,1,99999999999999", "than a sweep has cases", "several sweeps"),
        (count(), "than a sweep has cases", "several sweeps"),
        ([], "LR has no values", "at least one"),
        (7, "LR: a value 7 is no list of values", "give a list"),
        ({"a": 1}, "LR: a value of type dict is no list", "give a list"),
        ([None], "of type NoneType is neither text nor a number", "give a list"),
        ([b"a"], "of type bytes is neither text nor a number", "give a list"),
        ([math.nan], "LR: nan is no number", "leave it out"),
        (["a\0"], "holds a NUL", "take it out"),
        (["\ud800"], "is not UTF-8", "UTF-8"),
        (["x" * 4097], "longer than 4096 characters", "to a file"),
        ([10**5000], "longer than 4096 characters", "to a file"),
    ],
)
def test_values_that_cannot_be_read(values: Values, message: str, hint: str) -> None:
    with pytest.raises(InvalidSweep, match=message) as caught:
        read_parameters({"LR": values})
    assert caught.value.hint is not None
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "name", ["", "1A", "A-B", "A B", "é", "x" * 129, "FLOWKIT_X", "flowkit_x", "status", "case"]
)
def test_names_that_no_parameter_can_have(name: str) -> None:
    with pytest.raises(InvalidSweep, match="parameter"):
        read_parameters({name: [1]})


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.integers(1, 50))
def test_a_linspace_is_even_and_includes_both_ends(start: int, stop: int, number: int) -> None:
    values = read_values(f"linspace:{start / 1000},{stop / 1000},{number}")
    assert len(values) == number
    assert float(values[0]) == start / 1000
    for place, value in enumerate(values):
        exact = Fraction(start, 1000)
        if number > 1:
            exact += Fraction(stop - start, 1000) * Fraction(place, number - 1)
        # The float that is nearest to the exact number, as if nothing had been computed at all.
        assert float(value) == pytest.approx(float(exact), rel=1e-15, abs=1e-15)


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-20, 20).filter(bool))
def test_a_range_is_pythons(start: int, stop: int, step: int) -> None:
    expected = [str(value) for value in range(start, stop, step)]
    if expected:
        assert read_values(f"range:{start},{stop},{step}") == expected


@given(PARAMETERS)
def test_a_product_has_every_combination_in_order(parameters: dict[str, list[str]]) -> None:
    cases = Cases(parameters)
    expected = [dict(zip(parameters, each, strict=True)) for each in product(*parameters.values())]
    assert [cases[number] for number in range(len(cases))] == expected


@given(
    st.integers(1, 5).flatmap(
        lambda size: st.dictionaries(
            NAMES,
            st.lists(st.text(max_size=3), min_size=size, max_size=size),
            min_size=1,
            max_size=4,
        )
    )
)
def test_a_zip_takes_one_value_of_each(parameters: dict[str, list[str]]) -> None:
    cases = Cases(parameters, "zip")
    expected = [
        dict(zip(parameters, each, strict=True)) for each in zip(*parameters.values(), strict=True)
    ]
    assert [cases[number] for number in range(len(cases))] == expected


@pytest.mark.parametrize(
    ("parameters", "combine", "message"),
    [
        ({}, "product", "no parameter to sweep over"),
        ({"A": []}, "product", "A has no values"),
        ({"A": ["1"], "B": ["1", "2"]}, "zip", "cannot be zipped: A has 1, B has 2"),
        ({"A": ["1"] * 101, "B": ["1"] * 100}, "product", "more combinations than a sweep has"),
        ({f"A{number}": ["1"] for number in range(65)}, "product", "there are 65 parameters"),
        ({"A": ["1"]}, "chain", "cannot be combined by 'chain'"),
        ({"FLOWKIT_A": ["1"]}, "product", "cannot be called FLOWKIT_A"),
    ],
)
def test_what_cannot_be_combined(
    parameters: dict[str, list[str]], combine: str, message: str
) -> None:
    with pytest.raises(InvalidSweep, match=message):
        Cases(parameters, combine)


@pytest.mark.parametrize("number", [-1, 2])
def test_there_is_no_case_beyond_the_last(number: int) -> None:
    with pytest.raises(IndexError):
        _ = Cases({"A": ["1", "2"]})[number]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("--lr {LR}", "--lr 0.1"),
        ("{LR}{LR}", "0.10.1"),
        ("${LR}", "${LR}"),
        ("{lr} {OTHER} {} {LR:.2f} { LR }", "{lr} {OTHER} {} {LR:.2f} { LR }"),
        ("awk '{print $1}'", "awk '{print $1}'"),
        ('{"lr": {LR}}', '{"lr": 0.1}'),
        ("{{LR}}", "{0.1}"),
        ("{BRACES}", "{LR}"),
    ],
)
def test_only_parameters_are_filled_in(text: str, filled: str) -> None:
    assert fill(text, {"LR": "0.1", "BRACES": "{LR}"}) == filled


@given(PARAMETERS, st.data())
def test_no_case_is_longer_than_foretold(
    parameters: dict[str, list[str]], data: st.DataObject
) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(["{", "}", "$", *parameters]), max_size=20)))
    longest = {name: max(map(len, values)) for name, values in parameters.items()}
    cases = Cases(parameters)
    lengths = [len(fill(text, cases[number])) for number in range(len(cases))]
    assert max(lengths) == longest_filled(text, longest)


@given(PARAMETERS, st.text("ab '\"\\$(){}", max_size=30))
def test_text_without_parameters_stays(parameters: dict[str, list[str]], text: str) -> None:
    values = Cases(parameters)[0]
    if not any(f"{{{name}}}" in text for name in parameters):
        assert fill(text, values) == text
