"""Exact sums of whole numbers of up to 256 bits, which no column of numbers holds.

An amount is cut into nine groups of nine decimal digits; the groups are summed as 64-bit integers, lazily and
by any engine, and put together in Python. Nine billion rows fit before a group could overflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

_GROUPS: Final = 9
_DIGITS: Final = 9
NAMES: Final = tuple(f"_digits_{place}" for place in range(_GROUPS))


def digit_groups(amount_raw: pl.Expr) -> list[pl.Expr]:
    """The groups of digits (NAMES, Int64) of decimal text without sign, most significant first."""
    padded = amount_raw.str.pad_start(_GROUPS * _DIGITS, "0")
    return [
        padded.str.slice(place * _DIGITS, _DIGITS).cast(pl.Int64).alias(name)
        for place, name in enumerate(NAMES)
    ]


def summed() -> list[pl.Expr]:
    """The sums of NAMES."""
    return [pl.col(name).sum() for name in NAMES]


def whole(row: Mapping[str, Any]) -> int:
    """The number whose groups of digits, or sums of them, a row holds."""
    number = 0
    for name in NAMES:
        number = number * 10**_DIGITS + int(row[name])
    return number
