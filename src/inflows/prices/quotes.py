"""Quotes as services say them: one small frame that every reader makes and every later step takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import polars as pl

from inflows.contracts.schema import UTC_TIME

QUOTES: Final = pl.Schema(
    {
        "source_id": pl.String(),  # the service's own name of the coin or pair
        "time": UTC_TIME,  # the instant at which the price held; null where not understood
        "price": pl.String(),  # as delivered, in the currency of the pair; null where there is none
        "interval": pl.String(),  # of a kline; null for single quotes
        "fault": pl.String(),  # why the reader does not believe the row; null: it does
        "row": pl.String(),  # as delivered, for quarantine
        "origin": pl.String(),  # the file or service
    }
)
"""Columns of a frame of quotes."""

QUARANTINED: Final = (
    "time_not_understood",
    "close_time_off",
    "not_a_number",
    "not_positive",
    "too_small",
    "too_large",
    "not_over_yet",
    "conflicting_quotes",
    "far_from_neighbours",
)
"""Faults of rows that are kept in quarantine."""

SET_ASIDE: Final = ("no_price", "no_trades", "repeated", "not_the_asset_then")
"""Faults of rows that are understood and say nothing new: counted, and kept nowhere."""


def quotes_frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a reader (missing columns are null) as a frame of quotes."""
    return pl.DataFrame([{name: row.get(name) for name in QUOTES} for row in rows], schema=QUOTES)


def instant_of(number: Any, unit_seconds: int | float = 1) -> dt.datetime | None:
    """A count of seconds (or of a unit, in seconds) since 1970 as an instant; null where it is none."""
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    try:
        microseconds = int(number * round(unit_seconds * 1_000_000))
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
    except (ValueError, ArithmeticError):
        return None
