"""Sweeps as people write them: the values of parameters, their cases, and what a case runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from flowkit.errors import InvalidSweep
from flowkit.suggestions import did_you_mean

if TYPE_CHECKING:
    from decimal import Decimal

MOST_CASES = 10_000
MOST_PARAMETERS = 64
LONGEST_VALUE = 4096
COMBINATIONS = ("product", "zip")
COLUMNS = ("case", "status", "exit_code", "task_id")
"""What a sweep's table has besides its parameters, which therefore cannot be called so."""

Value: TypeAlias = "str | int | float | bool | Decimal"
Values: TypeAlias = "str | Iterable[Value]"
"""`case:a,b`, `range:0,10,2`, `linspace:0,1,5`, or the values themselves."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_NUMBER = r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?"
_INTEGER = r"[+-]?[0-9]{1,40}"
_LARGEST_BITS = 13_000
"""Of a number whose digits fit a value."""
_DIGITS = 16
"""Of a number of a linspace that has no end, such as a third; as of a float."""
_GRAMMAR_HINT = "write case:a,b,c or range:0,10,2 or linspace:0,1,5, or give a list"


def read_parameters(parameters: Mapping[str, Values]) -> dict[str, list[str]]:
    """Return the values of each parameter as text, in the order given.

    Args:
        parameters: Names of variables, and their values or the grammar of these.

    Raises:
        InvalidSweep: A name or a value cannot be read; the message names the parameter.

    Example:
        >>> read_parameters({"LR": "linspace:0.1,0.3,3", "SEED": [1, 2]})
        {'LR': ['0.1', '0.2', '0.3'], 'SEED': ['1', '2']}
    """
    if not isinstance(parameters, Mapping):
        raise InvalidSweep(
            f"parameters of type {type(parameters).__name__} are no names with values",
            hint="as in {'LR': 'linspace:0.1,0.5,5', 'SEED': [1, 2, 3]}",
        )
    return {name: read_values(values, _checked_name(name)) for name, values in parameters.items()}


def read_values(values: Values, name: str = "VALUE") -> list[str]:
    """Return values as the text that cases see.

    Whole numbers stand as they are, other numbers in the fewest digits that mean the same,
    True and False as `true` and `false`.

    Args:
        values: The values, or text in the grammar: `case:a,b,c` are these words; `range:` takes
            Python's `[start,] stop [, step]` in whole numbers; `linspace:start,stop,count` are
            evenly spaced numbers, both ends included, computed in decimal.
        name: What to call the parameter in an error.

    Raises:
        InvalidSweep: They cannot be read, or there are none or more than 10,000.

    Example:
        >>> read_values("range:0,10,4"), read_values("case: adam, sgd"), read_values([1e-3, True])
        (['0', '4', '8'], ['adam', 'sgd'], ['0.001', 'true'])
    """
    if isinstance(values, str):
        found = _read_grammar(values, name)
    elif isinstance(values, Mapping | bytes) or not isinstance(values, Iterable):
        raise _wrong(name, values, "is no list of values")
    else:
        found = [_text(value, name) for value in islice(values, MOST_CASES + 1)]
    if not found:
        raise InvalidSweep(f"{name} has no values", hint="give it at least one")
    if len(found) > MOST_CASES:
        raise _too_many(f"{name} has more values")
    return found


class Cases:
    """The combinations of the parameters' values, numbered from 0.

    Args:
        parameters: The values of each parameter, as text.
        combine: `product` for every combination, the last parameter changing fastest; `zip` for
            the first values of all, the second values of all, and so on.

    Raises:
        InvalidSweep: There are no parameters or too many cases, a name is wrong, or the lists
            that are to be zipped are of different lengths.

    Example:
        >>> cases = Cases({"LR": ["0.1", "0.2"], "SEED": ["1", "2", "3"]})
        >>> len(cases), cases[4]
        (6, {'LR': '0.2', 'SEED': '2'})
    """

    def __init__(self, parameters: Mapping[str, Sequence[str]], combine: str = "product") -> None:
        if not parameters:
            raise InvalidSweep(
                "there is no parameter to sweep over", hint="name one, as in LR=case:0.1,0.2"
            )
        if len(parameters) > MOST_PARAMETERS:
            raise InvalidSweep(
                f"there are {len(parameters)} parameters",
                hint=f"a sweep has at most {MOST_PARAMETERS}",
            )
        if combine not in COMBINATIONS:
            raise InvalidSweep(
                f"values cannot be combined by {str(combine)[:60]!r}", hint="product or zip"
            )
        for name, values in parameters.items():
            _checked_name(name)
            if not values:
                raise InvalidSweep(f"{name} has no values", hint="give it at least one")
        self._parameters = parameters
        self._zipped = combine == "zip"
        self._count = self._counted()

    def _counted(self) -> int:
        sizes = {name: len(values) for name, values in self._parameters.items()}
        if self._zipped:
            if len(set(sizes.values())) > 1:
                told = ", ".join(f"{name} has {size}" for name, size in sizes.items())
                raise InvalidSweep(
                    f"values of different number cannot be zipped: {told}",
                    hint="give each parameter as many, or leave out zip for every combination",
                )
            return next(iter(sizes.values()))
        count = 1
        for size in sizes.values():
            count *= size
            if count > MOST_CASES:
                raise _too_many("there are more combinations")
        return count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> dict[str, str]:
        """Return the values of one case by name.

        Raises:
            IndexError: There is no case of this number.
        """
        if not 0 <= number < self._count:
            raise IndexError(number)
        if self._zipped:
            return {name: values[number] for name, values in self._parameters.items()}
        chosen = {}
        for name, values in reversed(list(self._parameters.items())):
            number, place = divmod(number, len(values))
            chosen[name] = values[place]
        return {name: chosen[name] for name in self._parameters}


def fill(text: str, parameters: Mapping[str, str]) -> str:
    """Return text with `{NAME}` of each parameter replaced by its value.

    All other braces stay as they are, and so does `${NAME}`, which is the shell's: the shell
    finds the same value there, as each parameter is a variable too. Values are not looked into.

    Args:
        text: A word of a command, or the value of a variable.
        parameters: Values by name.

    Example:
        >>> fill("awk '{print $1}' f{SEED}.txt ${SEED} {OTHER}", {"SEED": "3"})
        "awk '{print $1}' f3.txt ${SEED} {OTHER}"
    """
    if "{" not in text:
        return text
    return _places(parameters).sub(lambda match: parameters[match[1]], text)


def longest_filled(text: str, longest: Mapping[str, int]) -> int:
    """Return how many characters `fill` can at most make of a text.

    Args:
        text: As `fill` takes it.
        longest: The length of the longest value of each parameter.

    Example:
        >>> longest_filled("--lr={LR}", {"LR": 5})
        10
    """
    found = _places(longest).finditer(text)
    return len(text) + sum(longest[match[1]] - len(match[0]) for match in found)


def _places(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\$)\{{({'|'.join(names)})\}}")


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise InvalidSweep(
            f"invalid parameter name {str(name)[:60]!r}",
            hint="a name is that of a variable: letters, digits and _, not first a digit",
        )
    if name.upper().startswith("FLOWKIT_") or name in COLUMNS:
        raise InvalidSweep(
            f"a parameter cannot be called {name}",
            hint=f"{', '.join(COLUMNS)} and FLOWKIT_... have meanings of their own",
        )
    return name


def _read_grammar(text: str, name: str) -> list[str]:
    kind, colon, rest = text.partition(":")
    readers = {"case": _read_case, "range": _read_range, "linspace": _read_linspace}
    kind = kind.strip()
    if not colon or kind not in readers:
        shown = repr(text[:60])
        close = did_you_mean(kind, readers) if colon else None
        raise InvalidSweep(f"{name}: {shown} is no list of values", hint=close or _GRAMMAR_HINT)
    return readers[kind]([part.strip() for part in rest.split(",")], name)


def _read_case(parts: Sequence[str], name: str) -> list[str]:
    if "" in parts:
        raise InvalidSweep(
            f"{name}: a value of case: is empty",
            hint="take out the comma too much; a list in Python may hold empty text",
        )
    return [_text(part, name) for part in parts[: MOST_CASES + 1]]


def _read_range(parts: Sequence[str], name: str) -> list[str]:
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(_INTEGER, part) for part in parts):
        raise InvalidSweep(
            f"{name}: range: takes start,stop,step in whole numbers, not {','.join(parts)[:60]!r}",
            hint="as in range:0,10,2; linspace:0,1,5 has fractions",
        )
    try:
        values = range(*map(int, parts))
    except ValueError:
        raise InvalidSweep(f"{name}: the step of a range: cannot be 0", hint="as in 2") from None
    return [str(value) for value in islice(values, MOST_CASES + 1)]


def _read_linspace(parts: Sequence[str], name: str) -> list[str]:
    from decimal import Decimal, localcontext

    if len(parts) != 3 or not all(re.fullmatch(_NUMBER, part) for part in parts[:2]):
        raise InvalidSweep(
            f"{name}: linspace: takes start,stop,count, not {','.join(parts)[:60]!r}",
            hint="as in linspace:0,1,5 for 0, 0.25, 0.5, 0.75, 1",
        )
    if not re.fullmatch("[0-9]{1,40}", parts[2]) or int(parts[2]) < 1:
        raise InvalidSweep(
            f"{name}: the count of linspace: is a whole number from 1 on, not {parts[2][:60]!r}",
            hint="as in linspace:0,1,5",
        )
    count = int(parts[2])
    if count > MOST_CASES:
        raise _too_many(f"{name} has more values")
    start, stop = Decimal(parts[0]), Decimal(parts[1])
    with localcontext(prec=100):
        numbers = [start + (stop - start) * place / (count - 1) for place in range(1, count - 1)]
    ends = [start, stop] if count > 1 else [start]
    return [_decimal(number) for number in [start, *numbers, *ends[1:]]]


def _decimal(number: Decimal) -> str:
    """Return a number in plain digits, unless it is very large or small."""
    from decimal import localcontext

    # More digits than were typed in are those of a fraction that does not end.
    if len(number.as_tuple().digits) > 2 * 40:
        with localcontext(prec=_DIGITS):
            number = +number
    if not number:
        return "0"
    with localcontext(prec=100):
        number = number.normalize()
    return f"{number:f}" if -7 <= number.adjusted() <= _DIGITS else f"{number:e}"


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value
    elif isinstance(value, int):
        text = str(value) if value.bit_length() <= _LARGEST_BITS else "9" * (LONGEST_VALUE + 1)
    else:
        text = _number(value, name)
    if "\0" in text:
        raise InvalidSweep(f"{name}: a value holds a NUL character", hint="take it out")
    if len(text) > LONGEST_VALUE:
        raise InvalidSweep(
            f"{name}: a value is longer than {LONGEST_VALUE} characters",
            hint="write it to a file, and sweep over the names of files",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidSweep(f"{name}: a value is not UTF-8", hint="write it in UTF-8") from None
    return text


def _number(value: object, name: str) -> str:
    """Return the digits of a number that is not one of Python's whole ones."""
    from decimal import Decimal
    from math import isfinite
    from numbers import Integral, Real

    if isinstance(value, Integral):  # such as numpy's
        return str(int(value))
    if not isinstance(value, Real | Decimal):
        raise _wrong(name, value, "is neither text nor a number")
    if not isfinite(value):
        raise InvalidSweep(f"{name}: {value} is no number", hint="leave it out")
    # A float's subclass, such as numpy's, may represent itself by more than its digits.
    return repr(float(value)) if isinstance(value, float) else str(value)


def _wrong(name: str, value: object, problem: str) -> InvalidSweep:
    shown = repr(value) if isinstance(value, int | float) else f"of type {type(value).__name__}"
    return InvalidSweep(f"{name}: a value {shown[:60]} {problem}", hint=_GRAMMAR_HINT)


def _too_many(what: str) -> InvalidSweep:
    return InvalidSweep(
        f"{what} than a sweep has cases ({MOST_CASES})", hint="make several sweeps of it"
    )
