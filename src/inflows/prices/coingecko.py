"""CoinGecko's market_chart/range: prices at their own instants; saved answers and the site's CSV exports.

The daily point of a day D carries D 00:00:00 UTC and is the price at that instant: the open of D, which is
the close of the day before. It is stored at D 00:00; read as the close of D it would be a day early. Neither
an answer nor an export names its coin: the file's name does, up to the first '.' or '_'
(`usd-coin_2024.json`), by its id or, as the site names its downloads, by its symbol (`eth-usd-max.csv`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any, Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import BadAnswer, UsageError
from inflows.http import Endpoint, HttpClient, Request
from inflows.prices.fetched import Fetched, Span
from inflows.prices.quotes import QUOTES, instant_of, quotes_frame
from inflows.prices.saved_answers import read_answer, saved_answer
from inflows.times import instant

_MILLISECOND: Final = 0.001
_DOWNLOAD: Final = re.compile(
    r"(?P<coin>.+?)-(?P<currency>[a-z]{3})-(?:max|[0-9]+(?:d|days?|h|m|y)?|ytd)(?: ?\([0-9]+\))?"
)
"""The names that the site gives its downloads: coin, currency, and how far back they go."""


def coin_of(stem: str) -> str:
    """The id or symbol of the coin in a download's name; UsageError where it is in another currency."""
    download = _DOWNLOAD.fullmatch(stem)
    if download is None:
        return stem
    if download["currency"] != "usd":
        raise UsageError(
            f"{stem} holds prices in {download['currency'].upper()}, and prices here are in US dollars.",
            "Export them in USD.",
        )
    return download["coin"]


def parse_coingecko(body: bytes, origin: str) -> pl.DataFrame:
    """A saved answer of market_chart, or an export with snapped_at and price; in dollars."""
    coin = re.split(r"[._]", origin)[0].lower()
    if body.lstrip()[:1] == b"{":
        points = _points(saved_answer(body, origin))
        if points is None:
            raise UsageError(f"{origin} is no answer of CoinGecko: it has no prices.", "Fetch it again.")
        return quotes_of(points, coin, origin)
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        columns = reader.fieldnames or ()
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        columns, rows = (), []
    if not {"snapped_at", "price"} <= set(columns):
        raise UsageError(f"{origin} lacks the columns snapped_at and price.", "Export it again.")
    frame = quotes_frame(
        {
            "source_id": coin,
            "price": row["price"],
            "row": f"{row['snapped_at']},{row['price']}",
            "origin": origin,
        }
        for row in rows
    )
    times = pl.Series([row["snapped_at"] for row in rows], dtype=pl.String)
    return frame.with_columns(instant(pl.lit(times)).cast(UTC_TIME).alias("time")).cast(QUOTES)


def quotes_of(points: list[Any], coin: str, origin: str) -> pl.DataFrame:
    """Points [milliseconds, price] as quotes."""
    pairs = [point if isinstance(point, list) and len(point) == 2 else [None, point] for point in points]
    return quotes_frame(
        {
            "source_id": coin,
            "time": instant_of(when, _MILLISECOND),
            "price": None if price is None else str(price),
            "row": f"{when},{price}",
            "origin": origin,
        }
        for when, price in pairs
    )


def _points(answer: Any) -> list[Any] | None:
    prices = answer.get("prices") if isinstance(answer, dict) else None
    return prices if isinstance(prices, list) else None


def fetch_coingecko(
    http: HttpClient, endpoint: Endpoint, coins: list[str], span: Span, interval: str | None, now: dt.datetime
) -> Fetched:
    """Prices of coins in a span: hourly up to 90 days, daily above, unless an interval is given."""
    parts, unknown = [quotes_frame([])], []
    for coin in coins:
        params = {
            "vs_currency": "usd",
            "from": str(int(span.start.timestamp())),
            "to": str(int(span.end.timestamp())),
            "precision": "full",
        }
        if interval is not None:
            params["interval"] = {"1h": "hourly", "1d": "daily"}[interval]
        request = Request(endpoint, path=f"coins/{coin}/market_chart/range", params=params)
        answer = None
        try:
            answer = http.call(request, read_answer)
        except BadAnswer as error:
            if error.status != 404:
                raise
        points = [] if answer is None else _points(answer)
        if points is None:
            raise BadAnswer(f"{endpoint} answered without prices.", "Check the address of the service.")
        if not points:
            unknown.append(coin)
        parts.append(quotes_of(points, coin, "coingecko"))
    return Fetched(pl.concat(parts), tuple(unknown))


def key_header(url: str, key: str | None) -> dict[str, str]:
    """The header that carries a key: paid plans have an address and a header of their own."""
    if not key:
        return {}
    return {"x-cg-pro-api-key" if "//pro-api." in url else "x-cg-demo-api-key": key}
