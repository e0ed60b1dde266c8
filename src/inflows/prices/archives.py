"""Binance's public archives of klines: a zip with one CSV, and its SHA-256 in a file beside it (.CHECKSUM).

Archives are uploaded again when they are corrected, so the sum is checked always: a zip and a sum that do not
belong together are a broken download, or an upload that is under way.
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.errors import BadAnswer, UsageError, WorkError
from inflows.http import Endpoint, HttpClient, Reply, Request, read_ok
from inflows.prices.fetched import Fetched, Span
from inflows.prices.klines import INTERVALS, parse_klines, symbol_and_interval
from inflows.prices.quotes import quotes_frame

_LARGEST_CSV: Final = 1 << 30
_MONTHLY_AFTER_DAYS: Final = 40
"""Monthly archives come in the first days of the next month; until this age their days are tried instead."""


@dataclass(frozen=True)
class Archive:
    """One archive: the klines of a pair that open in a month or on a day."""

    symbol: str
    interval: str
    period: str
    """`2024-03` or `2024-03-01`."""

    @property
    def name(self) -> str:
        """The name of the zip."""
        return f"{self.symbol}-{self.interval}-{self.period}.zip"

    @property
    def path(self) -> str:
        """Its path below the service's address."""
        grain = "monthly" if len(self.period) == 7 else "daily"
        return f"data/spot/{grain}/klines/{self.symbol}/{self.interval}/{self.name}"

    def days(self) -> list[Archive]:
        """The daily archives of a monthly one."""
        year, month = map(int, self.period.split("-"))
        last = calendar.monthrange(year, month)[1]
        return [Archive(self.symbol, self.interval, f"{self.period}-{day:02d}") for day in range(1, last + 1)]


def unpack(body: bytes, name: str) -> bytes:
    """The one CSV in a zip; UsageError where it is not whole."""
    problem = f"{name} is not a whole zip file."
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [found for found in archive.infolist() if not found.is_dir()]
            if len(members) != 1 or not members[0].filename.lower().endswith(".csv"):
                problem = f"{name} does not hold exactly one CSV file."
            elif members[0].file_size > _LARGEST_CSV:
                problem = f"{name} holds more than {_LARGEST_CSV:,} bytes."
            else:
                return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        pass
    raise UsageError(problem, "Fetch it again.")


def read_klines(body: bytes, name: str) -> pl.DataFrame:
    """The klines of a file that is named as Binance names it: a zip, CSV or JSON."""
    symbol, interval = symbol_and_interval(name)
    csv = unpack(body, name) if name.lower().endswith(".zip") else body
    return parse_klines(csv, symbol, interval, name)


def is_whole(body: bytes, checksum: bytes, name: str) -> bool:
    """Whether an archive has the SHA-256 that its .CHECKSUM says."""
    match = re.match(rb"\s*([0-9a-fA-F]{64})(?:\s|$)", checksum)
    if not match:
        raise UsageError(f"{name}.CHECKSUM does not hold a SHA-256.", "Fetch it again.")
    return hashlib.sha256(body).hexdigest() == match[1].decode().lower()


def archives_for(symbol: str, interval: str, span: Span) -> Iterator[Archive]:
    """The archives whose klines close in the span: whole months as such, the days at the ends one by one."""
    step = dt.timedelta(microseconds=INTERVALS[interval])
    day, last = (span.start - step).date(), (span.end - step).date()
    while day <= last:
        days = calendar.monthrange(day.year, day.month)[1]
        if day.day == 1 and day + dt.timedelta(days=days - 1) <= last:
            yield Archive(symbol, interval, f"{day:%Y-%m}")
            day += dt.timedelta(days=days)
        else:
            yield Archive(symbol, interval, day.isoformat())
            day += dt.timedelta(days=1)


def fetch_binance(
    http: HttpClient,
    endpoint: Endpoint,
    symbols: list[str],
    span: Span,
    interval: str | None,
    now: dt.datetime,
) -> Fetched:
    """Klines of pairs from the archives; those that do not exist are missing, and the report lists them."""
    parts = [quotes_frame([])]
    unknown = []
    for symbol in symbols:
        found = False
        for archive in archives_for(symbol, interval or "1h", span):
            for part in _fetch(http, endpoint, archive, now):
                parts.append(part)
                found = True
        if not found:
            unknown.append(symbol)
    return Fetched(pl.concat(parts), tuple(unknown))


def _fetch(
    http: HttpClient, endpoint: Endpoint, archive: Archive, now: dt.datetime
) -> Iterator[pl.DataFrame]:
    body = _checked(http, endpoint, archive)
    if body is not None:
        csv = unpack(body, archive.name)
        yield parse_klines(csv, archive.symbol, archive.interval, archive.name)
    elif len(archive.period) == 7 and _is_recent(archive.period, now):
        for daily in archive.days():
            if dt.date.fromisoformat(daily.period) < now.date():
                yield from _fetch(http, endpoint, daily, now)


def _is_recent(month: str, now: dt.datetime) -> bool:
    return (now.date() - dt.date.fromisoformat(f"{month}-01")).days < 31 + _MONTHLY_AFTER_DAYS


def _checked(http: HttpClient, endpoint: Endpoint, archive: Archive) -> bytes | None:
    """The archive, if there is one; fetched once more where the sum is another, as it may be changing."""
    for _ in range(2):
        body = http.call(Request(endpoint, path=archive.path), _read_if_there)
        if body is None:
            return None
        checksum = http.call(Request(endpoint, path=archive.path + ".CHECKSUM"), _read_if_there)
        if checksum is None:
            raise BadAnswer(f"There is no {archive.name}.CHECKSUM at {endpoint}.", "Try again later.")
        if is_whole(body, checksum, archive.name):
            return body
    raise WorkError(
        f"{archive.name} is not what its CHECKSUM says, so nothing was stored.",
        "Try again later; the archive may be in the middle of an upload.",
    )


def _read_if_there(reply: Reply) -> bytes | None:
    return None if reply.status == 404 else read_ok(reply).body
