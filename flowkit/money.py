"""Prices as people write them."""

from __future__ import annotations

import re

from flowkit.errors import InvalidRequest

_MOST_MINOR_UNITS = 1_000_000_000_000


def minor_units(value: float | str) -> int:
    """Return a price limit in US dollars as cents; parts of a cent are not paid.

    Args:
        value: A number or its text, at least a cent.

    Raises:
        InvalidRequest: it is not a price.

    Example:
        >>> minor_units(12.0), minor_units("0.29"), minor_units(1.999)
        (1200, 29, 199)
    """
    from decimal import ROUND_FLOOR, Decimal

    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _invalid(f"of type {type(value).__name__}", "it is not a number")
    text = value.strip() if isinstance(value, str) else _digits(value)
    if not re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{0,400})?|-?\.[0-9]{1,400}", text):
        raise _invalid(
            repr(text[:40]) if isinstance(value, str) else text[:40], "it is not a number"
        )
    # By its text: 0.29 dollars as a float are less than 29 cents.
    cents = int((Decimal(text) * 100).to_integral_value(ROUND_FLOOR))
    if not 0 < cents <= _MOST_MINOR_UNITS:
        raise _invalid(repr(value), "it is less than a cent, or beyond any budget")
    return cents


def _digits(number: float) -> str:
    """Return a number without an exponent."""
    from decimal import Decimal

    if isinstance(number, int):
        return str(number) if abs(number) < 10**18 else "a huge number"
    return format(Decimal(repr(number)), "f")


def _invalid(shown: str, problem: str) -> InvalidRequest:
    return InvalidRequest(
        f"invalid price {shown}: {problem}", hint="write dollars per hour, as 2.50"
    )
