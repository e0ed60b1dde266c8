"""Which quotes are believed: a price must be a positive number, over, unambiguous, and near its neighbours.

The rules, in this order; the first that a row breaks is its fault:
1. what the reader found (times that are not understood, klines without trades, …)
2. `no_price`, `not_a_number`, `not_positive`, `too_small` (0 at 18 decimals), `too_large` (10^20 and more)
3. `not_over_yet`: the instant lies in the future
4. `repeated`: the same quote once more; `conflicting_quotes`: two prices of one id at one instant, both out
5. `far_from_neighbours`: more than 100 times above or below the median of the five quotes before and the five
   after it, of the same id in this delivery or of its asset in the registry; with fewer than three
   neighbours nothing is judged
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

import polars as pl

from inflows.contracts.schema import PRICE, UTC_TIME
from inflows.prices.quotes import SET_ASIDE

FAR: Final = 100.0
NEIGHBOURS: Final = 5
FEWEST_NEIGHBOURS: Final = 3

_NUMBER: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_NEEDS_ROUNDING: Final = r"[eE]|\.[0-9]{19,}|\.$|^\+?\."
_PLACES: Final = Decimal(1).scaleb(-18)
_CONTEXT: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)


def to_eighteen_places(value: Decimal) -> Decimal | None:
    """A number at 18 decimals, half to even; null where it is beyond any column."""
    try:
        return value.quantize(_PLACES, context=_CONTEXT)
    except InvalidOperation:
        return None


def validate_quotes(quotes: pl.LazyFrame, reference: pl.LazyFrame, now: dt.datetime) -> pl.LazyFrame:
    """Add `value` (Decimal, 18 places) to quotes and fill in `fault`; one row in, one row out.

    reference: quotes of the registry as source_id, time, value, that count as neighbours.
    """
    return (
        quotes.pipe(_with_value)
        .pipe(_judge_price)
        .pipe(_judge_time, now)
        .pipe(_judge_repeats)
        .pipe(_judge_neighbours, reference)
    )


def _with_value(quotes: pl.LazyFrame) -> pl.LazyFrame:
    text = pl.col("price").str.strip_chars()
    number = pl.when(text.str.contains(_NUMBER)).then(text)
    odd = pl.when(number.str.contains(_NEEDS_ROUNDING)).then(number)
    plain = pl.coalesce(odd.map_elements(_plain, return_dtype=pl.String, skip_nulls=True), number)
    return quotes.with_columns(
        _is_number=number.is_not_null(), value=plain.str.strip_prefix("+").cast(PRICE, strict=False)
    )


def _plain(text: str) -> str:
    rounded = to_eighteen_places(Decimal(text))
    return "beyond" if rounded is None else format(rounded, "f")


def _judge_price(quotes: pl.LazyFrame) -> pl.LazyFrame:
    text = pl.col("price").str.strip_chars()
    mantissa = text.str.replace(r"[eE].*$", "")
    above_zero = ~text.str.starts_with("-") & mantissa.str.contains("[1-9]")
    fault = (
        pl.when(text.fill_null("") == "")
        .then(pl.lit("no_price"))
        .when(~pl.col("_is_number"))
        .then(pl.lit("not_a_number"))
        .when(~above_zero)
        .then(pl.lit("not_positive"))
        .when(pl.col("value").is_null())
        .then(pl.lit("too_large"))
        .when(pl.col("value") == 0)
        .then(pl.lit("too_small"))
    )
    return quotes.with_columns(fault=pl.coalesce("fault", fault)).drop("_is_number")


def _judge_time(quotes: pl.LazyFrame, now: dt.datetime) -> pl.LazyFrame:
    fault = (
        pl.when(pl.col("time").is_null())
        .then(pl.lit("time_not_understood"))
        .when(pl.col("time") > pl.lit(now, dtype=UTC_TIME))
        .then(pl.lit("not_over_yet"))
    )
    return quotes.with_columns(fault=pl.coalesce("fault", fault))


def _judge_repeats(quotes: pl.LazyFrame) -> pl.LazyFrame:
    key = ["source_id", "time", pl.col("fault").is_null()]
    conflict = pl.col("value").n_unique().over(key) > 1
    again = pl.int_range(pl.len()).over(key) > 0
    fault = pl.when(conflict).then(pl.lit("conflicting_quotes")).when(again).then(pl.lit("repeated"))
    return quotes.with_columns(fault=pl.coalesce("fault", fault))


def _judge_neighbours(quotes: pl.LazyFrame, reference: pl.LazyFrame) -> pl.LazyFrame:
    numbered = quotes.with_row_index("_row")
    sound = numbered.filter(pl.col("fault").is_null()).select("source_id", "time", "value", "_row")
    known = reference.select("source_id", "time", "value", _row=pl.lit(None, dtype=pl.get_index_type()))
    price = pl.col("value").cast(pl.Float64)  # to 16 digits: enough to tell a factor of 100
    around = [price.shift(step).over("source_id") for step in range(-NEIGHBOURS, NEIGHBOURS + 1) if step != 0]
    series = pl.concat([sound, known]).sort("source_id", "time", "_row", nulls_last=True)
    ratio = price / pl.col("_around").list.median()
    far = (
        series.with_columns(_around=pl.concat_list(around).list.drop_nulls())
        .filter(
            pl.col("_row").is_not_null(),
            pl.col("_around").list.len() >= FEWEST_NEIGHBOURS,
            (ratio > FAR) | (ratio < 1 / FAR),
        )
        .select("_row", _far=pl.lit("far_from_neighbours"))
    )
    return (
        numbered.join(far, on="_row", how="left", validate="1:1", maintain_order="left")
        .with_columns(fault=pl.coalesce("fault", "_far"))
        .drop("_row", "_far")
    )


def sound(judged: pl.DataFrame) -> pl.DataFrame:
    """The quotes that are believed."""
    return judged.filter(pl.col("fault").is_null())


def quarantined(judged: pl.DataFrame) -> pl.DataFrame:
    """The quotes that are kept in quarantine."""
    return judged.filter(pl.col("fault").is_not_null() & ~pl.col("fault").is_in(SET_ASIDE))
