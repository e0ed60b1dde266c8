"""What a transfer was worth: whole coins and US dollars at the block's time, exactly.

amount = amount_raw / 10^decimals and usd = amount * price, both in decimals: no double takes part. Each is
null where it cannot be told, never 0.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final, cast

import polars as pl

from inflows.contracts.schema import AMOUNT, PRICE, USD

UNTRUSTED_LIMIT_USD: Final = 1_000_000_000
"""An untrusted asset's transfer worth this much or more is not believed (the rule of Dune's spellbook)."""

_UNITS_TO: Final = 18
_UNITS: Final = {n: Decimal(1).scaleb(-n) for n in range(_UNITS_TO + 1)}
_WHOLE_DIGITS: Final = 20
"""AMOUNT has 38 digits, 18 of them after the point."""

RANGE_LIMIT_USD: Final = 10**13
"""More than this in one transfer is beyond the exact columns, and beyond the world's money: not believed."""

_ASSET: Final = "_asset"

STALENESS: Final = dt.timedelta(hours=48)
"""A quote older than this is missing; exactly this old still counts."""


def price_transfers(
    labelled: pl.LazyFrame, assets: pl.DataFrame, prices: pl.LazyFrame, staleness: dt.timedelta = STALENESS
) -> pl.LazyFrame:
    """Add symbol, asset_kind, amount, usd and finding to each transfer; one row in, one row out.

    assets, prices: contracts Assets and Prices, of the transfers' chain. finding is null, or why a listed
    transfer is not valued as it stands: above_max_supply, beyond_exact_range, untrusted_above_1bn.
    """
    numbered = assets.with_row_index(_ASSET)  # looked up once by its text, and by its number from then on
    return (
        labelled.pipe(_with_asset, numbered)
        .pipe(_with_quote, numbered, prices, staleness)
        .pipe(_with_value, assets)
    )


def _with_asset(transfers: pl.LazyFrame, numbered: pl.DataFrame) -> pl.LazyFrame:
    listed = numbered.lazy().select(
        "contract", "symbol", "decimals", "trusted", "max_supply", _ASSET, pl.col("kind").alias("asset_kind")
    )
    return transfers.join(listed, on="contract", how="left", validate="m:1", maintain_order="left")


def _with_quote(
    transfers: pl.LazyFrame, numbered: pl.DataFrame, prices: pl.LazyFrame, staleness: dt.timedelta
) -> pl.LazyFrame:
    quotes = (
        prices.join(numbered.lazy().select("contract", _ASSET), on="contract", how="inner", validate="m:1")
        .select(_ASSET, "price_usd", _quote_time="time")
        .sort("_quote_time")
    )
    return (
        transfers.sort("block_time")
        .join_asof(
            quotes,
            left_on="block_time",
            right_on="_quote_time",
            by=_ASSET,
            strategy="backward",
            tolerance=staleness,
            check_sortedness=False,  # both sides are sorted above; with `by` Polars cannot see it
        )
        .drop(_ASSET, "_quote_time")
    )


def _with_value(transfers: pl.LazyFrame, assets: pl.DataFrame) -> pl.LazyFrame:
    most = cast("int | None", assets["decimals"].max())
    amount = whole_coins(pl.col("amount_raw"), pl.col("decimals"), most or 0)
    listed = pl.col("symbol").is_not_null()
    # A product that does not fit is an error and not a null, so what is far too much is not multiplied.
    fits = pl.col("amount").is_not_null() & (_about("amount", "price_usd") < 2 * RANGE_LIMIT_USD)
    value = pl.when(listed & fits).then(pl.col("amount")) * pl.when(listed & fits).then(pl.col("price_usd"))
    finding = (
        pl.when(listed & (pl.col("amount") > pl.col("max_supply")))
        .then(pl.lit("above_max_supply"))
        .when(listed & (~pl.col("_fits") | (pl.col("usd") >= RANGE_LIMIT_USD)))
        .then(pl.lit("beyond_exact_range"))
        .when(listed & ~pl.col("trusted") & (pl.col("usd") >= UNTRUSTED_LIMIT_USD))
        .then(pl.lit("untrusted_above_1bn"))
    )
    return (
        transfers.with_columns(amount.alias("amount"))
        .with_columns(value.cast(USD).alias("usd"), fits.alias("_fits"))
        .with_columns(finding.alias("finding"))
        .with_columns(pl.when(pl.col("finding").is_null()).then(pl.col("usd")).alias("usd"))
        .drop("price_usd", "decimals", "trusted", "max_supply", "_fits")
    )


def _about(amount: str, price: str) -> pl.Expr:
    """The value in doubles, read off the decimals' integers: a cast would divide each, ten times as slow."""
    return (
        pl.col(amount).to_physical().cast(pl.Float64)
        * pl.col(price).to_physical().cast(pl.Float64)
        * 10.0 ** -(AMOUNT.scale + PRICE.scale)
    )


def whole_coins(amount_raw: pl.Expr, decimals: pl.Expr, at_most: int = 36) -> pl.Expr:
    """amount_raw / 10^decimals as Decimal(38, 18), half to even; null if decimals is or it does not fit.

    at_most is the largest number of decimals. Up to 18 it is an exact product of two decimals; for more the
    text is cut in two, which costs twice as much.
    """
    few = decimals <= _UNITS_TO
    unit = decimals.replace_strict(_UNITS, default=None, return_dtype=AMOUNT)
    # A product that does not fit is an error and not a null, so what is too long is kept from it.
    fits = amount_raw.str.len_bytes().cast(pl.Int64) <= decimals + _WHOLE_DIGITS
    product = pl.when(few & fits).then(amount_raw).cast(pl.Decimal(38, 0), strict=False) * unit
    if at_most <= _UNITS_TO:
        return product
    return pl.when(few).then(product).otherwise(_cut(pl.when(~few).then(amount_raw), decimals))


def _cut(amount_raw: pl.Expr, decimals: pl.Expr) -> pl.Expr:
    digits = amount_raw.str.pad_start(decimals + 1, "0")
    whole = digits.str.head(digits.str.len_bytes().cast(pl.Int64) - decimals)
    fraction = pl.when(decimals > 0).then(digits.str.tail(decimals)).otherwise(pl.lit("0"))
    return pl.concat_str(whole, fraction, separator=".").cast(AMOUNT, strict=False)
