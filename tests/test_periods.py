import datetime as dt

import polars as pl
import pytest

from inflows.contracts.names import GRAINS
from inflows.errors import UsageError
from inflows.periods import (
    bounds,
    first_day,
    grain_of,
    looks_like_period,
    period_named,
    period_of,
    previous,
    year_before,
)


@pytest.mark.parametrize(
    ("period", "grain", "start", "end"),
    [
        ("2024-H1", "half", (2024, 1, 1), (2024, 7, 1)),
        ("2024-H2", "half", (2024, 7, 1), (2025, 1, 1)),
        ("2024-Q1", "quarter", (2024, 1, 1), (2024, 4, 1)),
        ("2024-Q4", "quarter", (2024, 10, 1), (2025, 1, 1)),
        ("2024-02", "month", (2024, 2, 1), (2024, 3, 1)),
        ("2024-12", "month", (2024, 12, 1), (2025, 1, 1)),
        ("2024", "year", (2024, 1, 1), (2025, 1, 1)),
        ("2024-02-29", "day", (2024, 2, 29), (2024, 3, 1)),
    ],
)
def test_a_period_tells_its_grain_and_its_bounds(
    period: str, grain: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert grain_of(period) == grain
    assert bounds(period) == (dt.date(*start), dt.date(*end))


@pytest.mark.parametrize(
    "wrong",
    [
        "2024-H3",
        "2024-Q0",
        "2024-13",
        "24",
        "2024-h1",
        "0000",
        "0000-H1",
        "2023-02-29",
        "2024-H1 ",
        "",
        "H1",
        "\uff12\uff10\uff12\uff14",
    ],
)
def test_what_is_no_period_is_refused_with_how_to_write_one(wrong: str) -> None:
    with pytest.raises(UsageError, match="is not a half-year") as error:
        bounds(wrong)
    assert "2024-H1" in error.value.hint


@pytest.mark.parametrize("grain", GRAINS)
def test_every_day_lies_within_its_period_and_the_one_before_ends_where_it_begins(grain: str) -> None:
    days = pl.DataFrame({"day": pl.date_range(dt.date(2023, 1, 1), dt.date(2025, 12, 31), eager=True)})
    found = days.with_columns(
        period=period_of(pl.col("day"), grain), start=first_day(pl.col("day"), grain)
    ).with_columns(previous=previous(pl.col("start"), grain), year=year_before(pl.col("start"), grain))
    for row in found.rows(named=True):
        start, end = bounds(row["period"])
        assert start == row["start"] <= row["day"] < end
        assert bounds(row["previous"])[1] == start
        leap_day = (start.month, start.day) == (2, 29)
        assert bounds(row["year"])[0] == start.replace(year=start.year - 1, day=28 if leap_day else start.day)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2024-h1", "2024-H1"), (" 2024-H2 ", "2024-H2"), ("2024H1", "2024-H1"), ("2024q3", "2024-Q3"),
        ("2024-q3", "2024-Q3"), ("2024", "2024"), ("2024-03", "2024-03"), ("2024-02-29", "2024-02-29"),
    ],
)  # fmt: skip
def test_a_period_is_taken_in_any_case(text: str, period: str) -> None:
    assert period_named(text) == period


@pytest.mark.parametrize("wrong", ["2024-h3", "2024-q0", "2024-13", "h1", "", "2024-", "20240"])
def test_what_is_no_period_is_shown_as_it_was_written(wrong: str) -> None:
    with pytest.raises(UsageError, match=f"'{wrong}' is not a half-year"):
        period_named(wrong)


def test_words_are_told_from_periods_by_their_beginning() -> None:
    assert all(map(looks_like_period, ("2024", "2024-H1", "2024-h9", "2024-02-30")))
    assert not any(map(looks_like_period, ("HK", "Hong Kong", "20245", "H1", "")))
