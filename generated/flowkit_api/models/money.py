from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class Money(Model):
    """`Money` of the contract.

    Attributes:
        amount_minor: Amount in minor units, such as cents.
        currency: ISO 4217 code.
    """

    amount_minor: int
    currency: str
