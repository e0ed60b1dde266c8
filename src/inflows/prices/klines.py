"""Binance klines (candlesticks): the close of each, at the instant at which it held; and the missing ones.

A row has twelve fields: open time, open, high, low, close, volume, close time, quote volume, trades, and
three more. Times are milliseconds before 2025-01-01 and microseconds since (binance-public-data#386); both
may stand in one file, so each row is read by its own size. The close held at the end of the kline, which is
its open time plus the interval: one unit after the close time that is written, and the same in both units.
Times as text (`2024-03-01 00:00:00.000000 UTC`) are read too; their close may miss a second, a milli- or a
microsecond.
A kline without trades repeats the last close: it is no quote, as it would make an old price look fresh.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import UsageError
from inflows.prices.quotes import QUOTES
from inflows.prices.saved_answers import parse_json
from inflows.times import instant

_MINUTE: Final = 60_000_000
INTERVALS: Final = {
    "1s": 1_000_000, "1m": _MINUTE, "3m": 3 * _MINUTE, "5m": 5 * _MINUTE, "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE, "1h": 60 * _MINUTE, "2h": 120 * _MINUTE, "4h": 240 * _MINUTE, "6h": 360 * _MINUTE,
    "8h": 480 * _MINUTE, "12h": 720 * _MINUTE, "1d": 1440 * _MINUTE, "3d": 4320 * _MINUTE,
    "1w": 10080 * _MINUTE,
}  # fmt: skip
"""Length of the intervals that are read, in microseconds (months differ in length, and are not)."""

_FIELDS: Final = (
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades",
    "taker_base", "taker_quote", "unused",
)  # fmt: skip
_NAME: Final = re.compile(r"(?P<symbol>[A-Z0-9]{2,30})-(?P<interval>[0-9]{1,2}[a-z]{1,2})(?:[-_.].*)?")
_UNITS: Final = [1, 1_000, 1_000_000]
_MICROSECONDS_FROM: Final = 10**14  # in milliseconds, this would be the year 5138


@dataclass(frozen=True)
class Gap:
    """Klines that are missing: those that open in [start, end)."""

    source_id: str
    interval: str
    start: dt.datetime
    end: dt.datetime
    missing: int

    def __str__(self) -> str:
        return f"{self.source_id} {self.interval} {self.start:%Y-%m-%dT%H:%MZ} to {self.end:%Y-%m-%dT%H:%MZ}"


def symbol_and_interval(name: str) -> tuple[str, str]:
    """What a file of klines holds, by its name; UsageError where it does not tell."""
    match = _NAME.fullmatch(PurePath(name).name)
    if not match or match["interval"] not in INTERVALS:
        raise UsageError(
            f"{name} does not tell the pair and interval of its klines.",
            f"Name it as Binance does, like ETHUSDT-1h-2024-03.zip; intervals are {', '.join(INTERVALS)}.",
        )
    return match["symbol"], match["interval"]


def parse_klines(body: bytes, symbol: str, interval: str, origin: str) -> pl.DataFrame:
    """Klines as CSV (with a header or without) or as the API's JSON, as quotes in the pair's currency."""
    rows = _from_json(body, origin) if body.lstrip()[:1] == b"[" else _from_csv(body, origin)
    step = INTERVALS[interval]
    opened, is_micro = _instant("open_time"), _number("open_time") >= _MICROSECONDS_FROM
    unit = pl.when(is_micro).then(1).otherwise(1_000)
    left = opened + step - _instant("close_time")
    closes_in_time = (
        pl.when(_number("open_time").is_null()).then(left.is_in(_UNITS)).otherwise(left == unit)
    ) & left.is_not_null()
    fault = (
        pl.when(opened.is_null() | left.is_null())
        .then(pl.lit("time_not_understood"))
        .when(~closes_in_time)
        .then(pl.lit("close_time_off"))
        .when(_number("trades") == 0)
        .then(pl.lit("no_trades"))
    )
    return rows.select(
        pl.lit(symbol).alias("source_id"),
        (opened + step).cast(UTC_TIME).alias("time"),
        pl.col("close").alias("price"),
        pl.lit(interval).alias("interval"),
        fault.alias("fault"),
        pl.concat_str(_FIELDS, separator=",", ignore_nulls=True).alias("row"),
        pl.lit(origin).alias("origin"),
    ).cast(QUOTES)


def _number(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().cast(pl.Int64, strict=False)


def _instant(name: str) -> pl.Expr:
    """Microseconds since 1970, of text or by the number's size; null before 2001, where seconds would be."""
    number = _number(name)
    of_text = instant(pl.when(number.is_null()).then(pl.col(name))).dt.epoch("us")
    return pl.coalesce(
        pl.when(number.is_between(_MICROSECONDS_FROM, 10**17))
        .then(number)
        .when(number.is_between(10**12, _MICROSECONDS_FROM, closed="left"))
        .then(number * 1_000),
        of_text,
    )


def _from_csv(body: bytes, origin: str) -> pl.DataFrame:
    has_header = body.lstrip(b"\xef\xbb\xbf \r\n")[:4].lower() == b"open"
    failed = False
    try:
        frame = pl.read_csv(
            io.BytesIO(body), has_header=False, skip_rows=int(has_header), infer_schema=False, quote_char=None
        )
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame(schema={f"column_{i + 1}": pl.String() for i in range(len(_FIELDS))})
    except pl.exceptions.PolarsError:
        failed = True
    if failed or frame.width != len(_FIELDS):
        raise UsageError(
            f"{origin} does not hold klines: a row of klines has {len(_FIELDS)} fields.", "Fetch it again."
        )
    return frame.rename(dict(zip(frame.columns, _FIELDS, strict=True)))


def _from_json(body: bytes, origin: str) -> pl.DataFrame:
    rows: Any = None
    with suppress(ValueError, RecursionError):
        rows = parse_json(body)
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == len(_FIELDS) for row in rows
    ):
        raise UsageError(f"{origin} is no answer with klines (a list of lists of 12).", "Fetch it again.")
    rows = [[None if field is None else str(field) for field in row] for row in rows]
    return pl.DataFrame(rows, schema=dict.fromkeys(_FIELDS, pl.String()), orient="row")


def missing_klines(
    quotes: pl.DataFrame, within: tuple[dt.datetime, dt.datetime] | None = None
) -> tuple[Gap, ...]:
    """The holes between the klines at hand, by pair and interval, whether they are believed or not.

    within: the instants [first, last] at which the first and the last kline should close; else only holes
    between klines are seen.
    """
    gaps: list[Gap] = []
    timed = quotes.filter(pl.col("time").is_not_null() & pl.col("interval").is_not_null())
    groups = timed.select("source_id", "interval", "time").unique().sort("source_id", "interval", "time")
    for (symbol, interval), group in groups.group_by("source_id", "interval", maintain_order=True):
        step = dt.timedelta(microseconds=INTERVALS[str(interval)])
        closes = group["time"]
        if within is not None:
            bounds = pl.Series([within[0] - step, within[1] + step], dtype=UTC_TIME)
            closes = pl.concat([closes.filter(closes.is_between(*within)), bounds]).sort()
        holes = pl.DataFrame({"end": closes, "start": closes.shift(1)}).filter(
            pl.col("end") - pl.col("start") > step
        )
        for end, start in holes.iter_rows():
            # The first missing one opened when the one before closed; the next at hand opened a step before
            # it closed.
            missing = (end - start) // step - 1
            if missing:
                gaps.append(Gap(str(symbol), str(interval), start, end - step, missing))
    return tuple(gaps)
