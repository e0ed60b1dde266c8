"""Periods in UTC: how they are written, where they begin and end, and which precedes which.

Half-years are `2024-H1` (from 1 January to 30 June) and `2024-H2`, quarters `2024-Q1`, months `2024-01`,
years `2024`, days `2024-01-31`. Text of one grain sorts by time.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import polars as pl

from inflows.errors import UsageError

HALF: Final = "half"

_MONTHS: Final = {"month": 1, "quarter": 3, HALF: 6, "year": 12}
_EVERY: Final = {"month": "1mo", "quarter": "3mo", HALF: "6mo", "year": "1y", "day": "1d"}
_FORMS: Final = {
    HALF: r"[0-9]{4}-H[12]",
    "quarter": r"[0-9]{4}-Q[1-4]",
    "month": r"[0-9]{4}-(?:0[1-9]|1[0-2])",
    "year": r"[0-9]{4}",
    "day": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
_UNDASHED: Final = re.compile(r"^([0-9]{4})([HQ][0-9])$")


def period_of(date: pl.Expr, grain: str = HALF) -> pl.Expr:
    """The period of a date, as text."""
    if grain == "day":
        return date.dt.strftime("%Y-%m-%d")
    if grain == "month":
        return date.dt.strftime("%Y-%m")
    year = date.dt.year().cast(pl.String).str.zfill(4)
    if grain == "year":
        return year
    number = ((date.dt.month() - 1) // _MONTHS[grain] + 1).cast(pl.String)
    return pl.concat_str(year, pl.lit("-H" if grain == HALF else "-Q"), number)


def previous(start: pl.Expr, grain: str = HALF) -> pl.Expr:
    """The period just before the one that begins on a day."""
    return period_of(start.dt.offset_by(f"-{_EVERY[grain]}"), grain)


def year_before(start: pl.Expr, grain: str = HALF) -> pl.Expr:
    """The same period one year before the one that begins on a day (of 29 February, the 28th)."""
    return period_of(start.dt.offset_by("-1y"), grain)


def first_day(date: pl.Expr, grain: str = HALF) -> pl.Expr:
    """The day on which the period of a date begins."""
    return date.dt.truncate(_EVERY[grain])


def grain_of(period: str) -> str:
    """The grain that a period is written in; UsageError where it is no period."""
    grain = next((grain for grain, form in _FORMS.items() if re.fullmatch(form, period)), None)
    try:
        if grain is not None:
            _first_day(period, grain)
            return grain
    except ValueError:
        pass  # 2024-02-30, or the year 0
    raise UsageError(
        f"'{period}' is not a half-year, nor another period.",
        "Write it as 2024-H1 or 2024-H2; quarters as 2024-Q1, months as 2024-01, years as 2024.",
    )


def period_named(text: str) -> str:
    """A period as it is written here, from how a person wrote it: `2024-h1`, `2024H1`; else UsageError."""
    period = _UNDASHED.sub(r"\1-\2", text.strip().upper())
    try:
        grain_of(period)
    except UsageError as error:
        raise UsageError(error.problem.replace(f"'{period}'", f"'{text}'"), error.hint) from None
    return period


def looks_like_period(text: str) -> bool:
    """Whether a word is meant as a period, right or wrong: it begins with a year, and no name does."""
    return re.match(r"\s*\d{4}(?!\d)", text) is not None


def bounds(period: str) -> tuple[dt.date, dt.date]:
    """First day of a period, and the first day after it."""
    grain = grain_of(period)
    start = _first_day(period, grain)
    return start, _moved(start, grain, 1)


def _first_day(period: str, grain: str) -> dt.date:
    year = int(period[:4])
    if grain == "day":
        return dt.date.fromisoformat(period)
    number = 1 if grain == "year" else int(period[5:].lstrip("HQ"))
    return dt.date(year, (number - 1) * _MONTHS[grain] + 1, 1)


def _moved(start: dt.date, grain: str, by: int) -> dt.date:
    if grain == "day":
        return start + dt.timedelta(days=by)
    months = start.year * 12 + start.month - 1 + by * _MONTHS[grain]
    return dt.date(months // 12, months % 12 + 1, 1)
