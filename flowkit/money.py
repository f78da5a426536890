"""Prices as people write them."""

from __future__ import annotations

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
    from decimal import ROUND_FLOOR, Decimal, InvalidOperation

    try:
        # By its text: 0.29 dollars as a float are less than 29 cents.
        amount = None if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise InvalidRequest(f"invalid price {value!r}", hint="write dollars per hour, as 2.50")
    cents = int((amount * 100).to_integral_value(ROUND_FLOOR))
    if not 0 < cents <= _MOST_MINOR_UNITS:
        raise InvalidRequest(
            f"invalid price {value!r}: it is less than a cent, or beyond any budget",
            hint="write dollars per hour, as 2.50",
        )
    return cents
