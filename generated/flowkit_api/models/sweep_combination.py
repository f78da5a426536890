from __future__ import annotations

from ..types import OpenEnum


class SweepCombination(OpenEnum):
    """`product` for every combination of values, the last parameter changing fastest; `zip` for the
    first values of all, the second values of all, and so on."""

    PRODUCT = "product"
    ZIP = "zip"
