"""Dollars as people write them: `26.6bn`. Rounded half to even, from exact decimals, never from floats."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

_UNITS: Final = (("tn", 12), ("bn", 9), ("m", 6), ("k", 3))
_THREE_DIGITS: Final = Context(prec=3, rounding=ROUND_HALF_EVEN)
_CENT: Final = Decimal("0.01")
_THOUSAND: Final = Decimal(1000)
UNPRICED: Final = "unpriced"
"""What stands for dollars where transfers are counted and none of them has a price: it is not 0."""


def short(value: Decimal | None) -> str:
    """Dollars in three digits with their unit (k, m, bn, tn); cents below a thousand; empty where unknown."""
    if value is None:
        return ""
    sign, size = ("-" if value < 0 else ""), value.copy_abs()
    cents = size.quantize(_CENT, ROUND_HALF_EVEN) if size < _THOUSAND else _THOUSAND
    if cents < _THOUSAND:
        return sign + (str(cents) if cents else "<0.01") if size else "0"
    rounded = _THREE_DIGITS.create_decimal(size)
    unit, power = next((unit, power) for unit, power in _UNITS if rounded.adjusted() >= power)
    in_units = rounded.scaleb(-power)
    return f"{sign}{in_units:,.{max(0, 2 - in_units.adjusted())}f}{unit}"
