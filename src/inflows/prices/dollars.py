"""Quotes in tether (USDT) into dollars.

A pair that is quoted in USDT says what a coin costs in USDT, which is not always worth a dollar.
Where the registry knows what a USDT was worth at that instant (the latest quote at or before it, at most 48
hours old, as for transfers), the two are multiplied: exact, rounded once to 18 decimals, half to even. Where
it does not, the number is taken as dollars and stored under another source, `usdt-SOURCE`, so that nobody
takes the one for the other. See docs/decisions/0013-prices.md.
"""

from __future__ import annotations

import datetime as dt
from decimal import Context, Decimal
from typing import Any, Final

import polars as pl

from inflows.contracts.schema import PRICE
from inflows.prices.validate import to_eighteen_places

USDT_ON_ETHEREUM: Final = ("ethereum", "0xdac17f958d2ee523a2206206994597c13d831ec7")
"""The asset whose dollar price values quotes in USDT."""

STALENESS: Final = dt.timedelta(hours=48)
AT_PAR: Final = "usdt-"
"""What the name of a source begins with where USDT was taken for dollars; it sorts after the others."""
_EXACT: Final = Context(prec=100)


def in_dollars(quotes: pl.LazyFrame, rates: pl.LazyFrame, source: str) -> pl.LazyFrame:
    """Add price_usd (Decimal, 18 places) and source to sound quotes; one row in, one row out.

    quotes: time, value, quote (USD or USDT), whatever else. rates: time, price_usd of one USDT. Products that
    do not fit 18 decimals as a positive number are null.
    """
    known = rates.select(_rate_time="time", _rate="price_usd").sort("_rate_time")
    rated = quotes.sort("time", maintain_order=True).join_asof(
        known, left_on="time", right_on="_rate_time", strategy="backward"
    )
    fresh = (pl.col("time") - pl.col("_rate_time")) <= STALENESS
    in_tether = pl.col("quote") == "USDT"
    rate = pl.when(in_tether & fresh).then(pl.col("_rate"))
    product = pl.struct("value", "_rate").map_elements(_product, return_dtype=PRICE)
    return (
        rated.with_columns(_rate=rate)
        .with_columns(price_usd=pl.when(pl.col("_rate").is_null()).then("value").otherwise(product))
        .with_columns(
            source=pl.when(in_tether & pl.col("_rate").is_null())
            .then(pl.lit(AT_PAR + source))
            .otherwise(pl.lit(source))
        )
        .drop("_rate", "_rate_time", "value", "quote")
    )


def _product(row: dict[str, Any]) -> Decimal | None:
    if row["_rate"] is None:
        return None
    product = to_eighteen_places(_EXACT.multiply(row["value"], row["_rate"]))
    return product if product and product.adjusted() < 20 else None
