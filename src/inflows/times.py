"""Instants as users write them, read as UTC.

Accepted: `2024-01-31T12:00:00Z`, with a fraction of a second, with a numeric offset (`+08:00`, `+0800`, and
`+08` as PostgreSQL prints it), with a blank for the T, with ` UTC`, without seconds, without a zone (UTC), a
date alone (00:00 UTC), `2024-01` and `2024` (their first day). Nothing else is: no local formats, no epoch
numbers; `not_understood` says how to write those.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import UsageError

BEGINNING: Final = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
"""valid_from of what has held since ever."""
END: Final = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""valid_to of what holds until now."""

_FULL = "%Y-%m-%dT%H:%M:%S%.f%:z"


def instant(text: pl.Expr) -> pl.Expr:
    """Text as an instant (Datetime, microseconds, UTC); null where it is not one."""
    text = text.str.strip_chars()
    date = text.str.extract(r"^(\d{4}(?:-\d{2}(?:-\d{2})?)?)(?:[T ]|$)")
    clock = text.str.extract(r"^\d{4}-\d{2}-\d{2}[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)")
    zone = text.str.extract(r"^\d{4}-\d{2}-\d{2}[T ][\d:.]+( ?UTC| ?Z| ?[+-]\d{2}(?::?\d{2})?)$")
    rest_is_understood = (text == date) | text.str.contains(
        r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?UTC| ?Z| ?[+-]\d{2}(?::?\d{2})?)?$"
    )
    full_date = pl.concat_str(
        date,
        pl.when(date.str.len_bytes() == 4)
        .then(pl.lit("-01-01"))
        .when(date.str.len_bytes() == 7)
        .then(pl.lit("-01"))
        .otherwise(pl.lit("")),
    )
    full_clock = (
        pl.when(clock.is_null())
        .then(pl.lit("00:00:00"))
        .when(clock.str.len_bytes() == 5)
        .then(pl.concat_str(clock, pl.lit(":00")))
        .otherwise(clock)
    )
    offset = (
        pl.when(zone.is_null() | zone.str.contains(r"Z|UTC"))
        .then(pl.lit("+00:00"))
        .when(zone.str.strip_chars().str.len_bytes() == len("+00"))
        .then(pl.concat_str(zone.str.strip_chars(), pl.lit(":00")))
        .otherwise(zone.str.strip_chars())
    )
    parsed = pl.concat_str(full_date, pl.lit("T"), full_clock, offset).str.to_datetime(
        _FULL, time_unit="us", time_zone="UTC", strict=False
    )
    return pl.when(rest_is_understood).then(parsed).otherwise(None).cast(UTC_TIME)


def may_be_of_a_block(time: pl.Expr) -> pl.Expr:
    """Whether an instant may be a block's: Unix time begins with 1970, and no period ends after 9999."""
    return time.dt.year().is_between(1970, 9998)


def not_understood(text: str) -> str:
    """How to write a time that is no instant here: what it looks like, and the remedy."""
    plain = text.strip()
    if re.fullmatch(r"[0-9]{9,19}(?:\.[0-9]+)?", plain):
        return "it looks like seconds since 1970 (or a fraction of them), whose unit a file does not tell"
    if re.match(r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}", plain):
        return "day and month cannot be told apart in it"
    return "it is no instant"


def parse_instant(text: str, what: str = "time") -> dt.datetime:
    """One instant that a user gave as an option; `what` names it in the error."""
    value = pl.DataFrame({"text": [text]}).select(instant(pl.col("text"))).item()
    if value is None:
        raise UsageError(
            f"{what} '{text}' is not a time.", "Write it as 2024-06-30 or 2024-06-30T12:00:00Z (UTC)."
        )
    assert isinstance(value, dt.datetime)
    return value.astimezone(dt.UTC)
