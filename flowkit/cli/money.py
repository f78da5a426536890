"""Money for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowkit_api.models.money import Money

# Currencies whose minor unit is not a hundredth (ISO 4217).
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}


def price(money: Money) -> str:
    """Return an amount in whole units with its currency.

    Example:
        >>> from flowkit_api.models.money import Money
        >>> price(Money(amount_minor=250, currency="USD"))
        '2.50 USD'
    """
    digits = _DIGITS.get(money.currency, 2)
    return f"{money.amount_minor / 10**digits:.{digits}f} {money.currency}"
