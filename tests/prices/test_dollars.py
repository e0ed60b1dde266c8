"""USDT into dollars."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from price_rows import utc

from inflows.contracts.schema import PRICE, UTC_TIME
from inflows.prices.dollars import in_dollars

AT = utc("2023-03-11 12:00")


def valued(
    price: Decimal, rates: list[tuple[dt.datetime, str | Decimal]], quote: str = "USDT"
) -> tuple[Decimal, str]:
    quotes = pl.LazyFrame(
        {"time": [AT], "value": [price], "quote": [quote]},
        schema={"time": UTC_TIME, "value": PRICE, "quote": pl.String},
    )
    known = pl.LazyFrame(
        {"time": [time for time, _ in rates], "price_usd": [Decimal(rate) for _, rate in rates]},
        schema={"time": UTC_TIME, "price_usd": PRICE},
    )
    return in_dollars(quotes, known, "binance").select("price_usd", "source").collect().row(0)


def test_a_quote_in_tether_is_multiplied_by_what_a_tether_was_worth() -> None:
    assert valued(Decimal("20000.5"), [(AT, "1.005")]) == (Decimal("20100.5025"), "binance")


def test_the_latest_rate_at_or_before_the_quote_counts() -> None:
    hour = dt.timedelta(hours=1)
    rates: list[tuple[dt.datetime, str | Decimal]] = [(AT - hour, "0.9"), (AT, "1.1"), (AT + hour, "1.5")]
    assert valued(Decimal(10), rates)[0] == 11
    assert valued(Decimal(10), [(AT + hour, "1.5")]) == (Decimal(10), "usdt-binance")


def test_a_rate_of_exactly_48_hours_counts_and_an_older_one_does_not() -> None:
    limit = AT - dt.timedelta(hours=48)
    assert valued(Decimal(10), [(limit, "0.5")]) == (Decimal(5), "binance")
    assert valued(Decimal(10), [(limit - dt.timedelta(microseconds=1), "0.5")]) == (
        Decimal(10),
        "usdt-binance",
    )


def test_a_quote_in_dollars_stays_as_it_is() -> None:
    assert valued(Decimal(10), [(AT, "0.5")], quote="USD") == (Decimal(10), "binance")


def test_a_product_that_rounds_to_nothing_is_null_and_never_zero() -> None:
    assert valued(Decimal("1e-18"), [(AT, "0.4")])[0] is None


@settings(max_examples=60)
@given(
    st.decimals(min_value="0.000001", max_value="99999999999999999", places=18),
    st.decimals(min_value="0.5", max_value="2", places=18),
)
def test_a_product_is_the_nearest_number_of_eighteen_decimals(price: Decimal, rate: Decimal) -> None:
    value, _ = valued(price, [(AT, rate)])
    assert abs(Fraction(value) - Fraction(price) * Fraction(rate)) <= Fraction(1, 2 * 10**18)
