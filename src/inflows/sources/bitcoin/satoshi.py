"""Amounts in whole coins, as nodes write them, as exact numbers of satoshi.

No double takes part: a node's JSON is read with its numbers as text. int(0.29 * 1e8) is 28999999.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Final

import polars as pl

_NUMBERS: Final = r'("value"\s*:\s*)(-?[0-9][0-9.eE+-]*)'
_PLAIN: Final = r"^[0-9]{1,29}(?:\.[0-9]{1,8}0*)?$"
_EXACT: Final = Context(prec=200)


def with_numbers_as_text(json: pl.Series) -> pl.Series:
    """JSON texts with every number after the key "value" put in quotes.

    Inside a JSON text's string the quotes of such a key would be escaped, so nothing else can match.
    """
    return json.str.replace_all(_NUMBERS, '${1}"${2}"')


def satoshi(coins: pl.Expr) -> pl.Expr:
    """Text like `0.29` or `1e-8` as digits of satoshi (String); null where it is no whole number of them.

    Negative amounts, and more than 8 decimals that are not 0, are null too.
    """
    plain = coins.str.contains(_PLAIN)
    digits = coins.cast(pl.Decimal(38, 8), strict=False).cast(pl.String).str.replace(".", "", literal=True)
    # Exponents are rare (some nodes write 1e-8), and read one by one.
    rare = pl.when(~plain).then(coins).map_elements(_one, return_dtype=pl.String, skip_nulls=True)
    trimmed = digits.str.strip_chars_start("0")
    return pl.when(plain).then(pl.when(trimmed == "").then(pl.lit("0")).otherwise(trimmed)).otherwise(rare)


def _one(coins: str) -> str | None:
    try:
        value = Decimal(coins, _EXACT)
        units = value.scaleb(8, _EXACT)
        whole = units.to_integral_exact(context=_EXACT)
    except InvalidOperation:
        return None
    return f"{int(whole)}" if whole == units and units >= 0 else None
