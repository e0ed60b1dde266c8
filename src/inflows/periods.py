"""Half-years in UTC: H1 is [1 January, 1 July), H2 is [1 July, 1 January), written `2024-H1`."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from inflows.errors import UsageError


def half_year(date: pl.Expr) -> pl.Expr:
    """The half-year of a date, as text: `2024-H1`."""
    half = pl.when(date.dt.month() <= 6).then(pl.lit("H1")).otherwise(pl.lit("H2"))
    return pl.concat_str(date.dt.year().cast(pl.String), half, separator="-")


def year_before(period: pl.Expr) -> pl.Expr:
    """The same half-year one year before."""
    year = period.str.head(4).cast(pl.Int32) - 1
    return pl.concat_str(year.cast(pl.String), period.str.tail(3))


def bounds(period: str) -> tuple[dt.date, dt.date]:
    """First day of a half-year, and the first day after it."""
    match = re.fullmatch(r"(\d{4})-H([12])", period)
    if not match:
        raise UsageError(f"'{period}' is not a half-year.", "Write it as 2024-H1 or 2024-H2.")
    year, half = int(match[1]), int(match[2])
    return (
        (dt.date(year, 1, 1), dt.date(year, 7, 1))
        if half == 1
        else (dt.date(year, 7, 1), dt.date(year + 1, 1, 1))
    )
