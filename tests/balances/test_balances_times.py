"""The instants of balances that name only their block."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from inflows.balances.block_times import times_of
from inflows.times import BEGINNING

NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


def after(minutes: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def stored(*numbers: int) -> pl.LazyFrame:
    """Rows of blocks, one a minute from block 0 at noon on."""
    return pl.LazyFrame(
        {"block_number": numbers, "block_time": [after(number) for number in numbers], "more": numbers},
        schema_overrides={"block_number": pl.Int64, "block_time": pl.Datetime("us", "UTC")},
    )


@pytest.mark.parametrize(
    ("number", "time"),
    [
        (9, after(10) - dt.timedelta(microseconds=1)),  # before all: the instant before the first
        (10, after(10)),
        (11, after(10)),
        (12, after(12)),
        (19, after(12)),
        (20, after(20)),
        (99, after(20)),
    ],
)
@pytest.mark.parametrize("others", [[], [5, 12, 100], [9, 10, 11, 12, 19, 20, 99]])
def test_a_block_has_the_time_of_the_last_stored_one_up_to_it(number, time, others) -> None:
    numbers = pl.Series(sorted({number, *others}), dtype=pl.Int64)
    found = times_of([stored(12, 10), stored(20, 10)], numbers)
    assert found["block_number"].to_list() == numbers.to_list()
    assert dict(found.iter_rows())[number] == time


def test_where_nothing_is_stored_a_block_is_of_the_beginning() -> None:
    assert times_of([], pl.Series([7, 8], dtype=pl.Int64))["_time"].to_list() == [BEGINNING] * 2
