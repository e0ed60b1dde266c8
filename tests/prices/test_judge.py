"""Which quotes are believed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from price_rows import utc

from inflows.contracts.schema import PRICE, UTC_TIME
from inflows.prices.quotes import quotes_frame
from inflows.prices.validate import to_eighteen_places, validate_quotes

START = utc("2024-03-01 00:00")
NOW = utc("2024-06-01 00:00")
NOTHING = pl.LazyFrame(schema={"source_id": pl.String, "time": UTC_TIME, "value": PRICE})


def series(*prices: str | None, coin: str = "eth", start: dt.datetime = START) -> list[dict[str, Any]]:
    return [
        {"source_id": coin, "time": start + dt.timedelta(hours=hour), "price": price}
        for hour, price in enumerate(prices)
    ]


def judged(rows: list[dict[str, Any]], reference: pl.LazyFrame = NOTHING) -> pl.DataFrame:
    return validate_quotes(quotes_frame(rows).lazy(), reference, NOW).collect()


def faults(rows: list[dict[str, Any]], reference: pl.LazyFrame = NOTHING) -> list[str | None]:
    return judged(rows, reference)["fault"].to_list()


@pytest.mark.parametrize(
    ("price", "fault"),
    [
        ("0", "not_positive"),
        ("0.000", "not_positive"),
        ("0e5", "not_positive"),
        ("-1.5", "not_positive"),
        ("-0", "not_positive"),
        ("NaN", "not_a_number"),
        ("nan", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("-inf", "not_a_number"),
        ("1,5", "not_a_number"),
        ("0x10", "not_a_number"),
        ("1_000", "not_a_number"),
        ("", "no_price"),
        (None, "no_price"),
        ("1e-19", "too_small"),
        ("0.0000000000000000001", "too_small"),
        ("1e20", "too_large"),
        ("1e999", "too_large"),
        ("123456789012345678901", "too_large"),
    ],
)
def test_what_is_no_price_is_not_believed(price: str | None, fault: str) -> None:
    assert faults(series(price)) == [fault]


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ("1", "1"),
        ("+1.5", "1.5"),
        (" 2.50 ", "2.5"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1.5e-7", "0.00000015"),
        ("1E3", "1000"),
        ("0.1234567890123456785", "0.123456789012345678"),  # half to even: down to the even 8
        ("0.1234567890123456775", "0.123456789012345678"),  # half to even: up to the even 8
        ("0.12345678901234567851", "0.123456789012345679"),
        ("0.632453359684051123456789", "0.632453359684051123"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_a_price_is_exact_to_eighteen_decimals_half_to_even(price: str, value: str) -> None:
    row = judged(series(price)).row(0, named=True)
    assert row["fault"] is None
    assert row["value"] == Decimal(value)


@settings(max_examples=60)
@given(st.decimals(min_value="1e-18", max_value="99999999999", allow_nan=False, places=18))
def test_a_price_of_eighteen_decimals_loses_no_digit(price: Decimal) -> None:
    assert to_eighteen_places(price) == price
    assert judged(series(f"{price:f}"))["value"].to_list() == [price]
    assert judged(series(str(price)))["value"].to_list() == [price]


def test_a_quote_from_the_future_is_not_believed_and_one_of_this_instant_is() -> None:
    rows = [{"source_id": "eth", "time": NOW + dt.timedelta(microseconds=us), "price": "1"} for us in (0, 1)]
    assert faults(rows) == [None, "not_over_yet"]


def test_a_quote_without_a_time_is_not_believed() -> None:
    assert faults([{"source_id": "eth", "price": "1"}]) == ["time_not_understood"]


def test_what_the_reader_found_stays_the_fault() -> None:
    assert faults([{"source_id": "eth", "time": START, "price": "NaN", "fault": "no_trades"}]) == [
        "no_trades"
    ]


def test_the_same_quote_again_counts_once_whatever_its_digits() -> None:
    assert faults(series("1.5") + series("1.50") + series("2", coin="btc")) == [None, "repeated", None]


def test_two_prices_at_one_instant_are_both_not_believed() -> None:
    assert faults(series("1.5", "1.6") + series("1.7")) == ["conflicting_quotes", None, "conflicting_quotes"]


def test_a_bad_price_is_no_conflict_with_a_good_one() -> None:
    assert faults(series("1.5") + series("NaN") + series("0")) == [None, "not_a_number", "not_positive"]


@pytest.mark.parametrize("wrong", ["120000000", "0.075", "300001", "29.99"])
def test_a_price_far_from_its_neighbours_is_not_believed(wrong: str) -> None:
    rows = series("3000", "3000", "3000", wrong, "3000", "3000", "3000")
    assert faults(rows) == [None, None, None, "far_from_neighbours", None, None, None]


@pytest.mark.parametrize("factor", [Decimal(40_000), 1 / Decimal(40_000)], ids=["too high", "too low"])
def test_a_price_40_000_times_off_its_neighbours_is_not_believed(factor: Decimal) -> None:
    """Dune's spellbook, pull request 9683: such a price made one row of 1.19 billion dollars."""
    rows = series("0.31", "0.30", str(Decimal("0.30") * factor), "0.29", "0.30")
    assert faults(rows) == [None, None, "far_from_neighbours", None, None]


@pytest.mark.parametrize("extreme", ["300000", "30"])
def test_a_hundred_times_off_is_still_believed(extreme: str) -> None:
    assert faults(series("3000", "3000", "3000", extreme, "3000", "3000", "3000")) == [None] * 7


def test_a_price_that_moves_a_thousandfold_step_by_step_is_believed() -> None:
    assert faults(series(*(str(2**step) for step in range(11)))) == [None] * 11


def test_with_fewer_than_three_neighbours_nothing_is_judged() -> None:
    assert faults(series("3000", "120000000", "3000")) == [None] * 3
    assert faults(series("3000", "120000000", "3000", "3000"))[1] == "far_from_neighbours"


def test_other_coins_are_no_neighbours() -> None:
    rows = series("3000", "3000", "3000", "3000") + series("0.00001", "0.00001", "0.00001", coin="pepe")
    assert faults(rows) == [None] * 7


def test_a_single_quote_is_judged_by_those_that_the_registry_knows() -> None:
    known = pl.LazyFrame(
        {
            "source_id": ["eth"] * 3,
            "time": [START - dt.timedelta(days=day) for day in (1, 2, 3)],
            "value": [Decimal(3000)] * 3,
        },
        schema={"source_id": pl.String, "time": UTC_TIME, "value": PRICE},
    )
    assert faults(series("120000000"), known) == ["far_from_neighbours"]
    assert faults(series("3100"), known) == [None]


def test_rows_and_their_order_are_conserved() -> None:
    rows = series("3000", "NaN", "2999", "0", "3001") + series("3000")
    assert judged(rows)["price"].to_list() == ["3000", "NaN", "2999", "0", "3001", "3000"]
