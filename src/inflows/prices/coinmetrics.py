"""Coin Metrics' community data: PriceUSD, a price at the end of its interval; answers and CSV files.

`PriceUSD` of day D carries the time D 00:00, the beginning of its interval, and is the price at its end, D+1
00:00 (Coin Metrics docs: Price, USD; CM Prices FAQs, "start-of-interval"). `ReferenceRateUSD` is the same
number at its own instant ("point-in-time"); it is read where a file has no PriceUSD. Daily unless a time of
the asset in the file is not midnight: then hourly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import BadAnswer, UsageError
from inflows.http import Endpoint, HttpClient, Request
from inflows.prices.fetched import Fetched, Span
from inflows.prices.quotes import QUOTES
from inflows.prices.saved_answers import read_answer, saved_answer
from inflows.times import instant

_AT_THE_END: Final = "PriceUSD"
_AT_THE_INSTANT: Final = "ReferenceRateUSD"
_PAGE_ROWS: Final = 10_000
_MOST_PAGES: Final = 1_000


def parse_coinmetrics(body: bytes, origin: str) -> pl.DataFrame:
    """A saved answer, or a CSV with the columns time, PriceUSD and, unless it is ASSET.csv, asset."""
    if body.lstrip()[:1] == b"{":
        answer = saved_answer(body, origin)
        if answer.get("next_page_url"):
            raise UsageError(
                f"{origin} is not the last page of its answer, so quotes are missing.",
                "Save all pages in one folder, each without its next_page_url; or use prices fetch.",
            )
        rows = answer.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UsageError(f"{origin} is no answer of Coin Metrics: it has no data.", "Fetch it again.")
        return quotes_of(rows, origin)
    try:
        text = body.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = reader.fieldnames or ()
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        columns, rows = (), []
    if "time" not in columns or not {_AT_THE_END, _AT_THE_INSTANT} & set(columns):
        raise UsageError(f"{origin} lacks the columns time and PriceUSD.", "Save it again as CSV or JSON.")
    asset = origin.split(".")[0].lower()
    return quotes_of(rows if "asset" in columns else [row | {"asset": asset} for row in rows], origin)


def quotes_of(rows: Iterable[dict[str, Any]], origin: str) -> pl.DataFrame:
    """Rows of the API (asset, time, PriceUSD or ReferenceRateUSD) as quotes."""
    rows = list(rows)
    metric = _AT_THE_END if any(_AT_THE_END in row for row in rows) else _AT_THE_INSTANT
    raw = pl.DataFrame(
        {
            "source_id": [str(row.get("asset") or "") for row in rows],
            "_time": [str(row.get("time") or "") for row in rows],
            "price": [None if row.get(metric) is None else str(row[metric]) for row in rows],
        },
        schema={"source_id": pl.String, "_time": pl.String, "price": pl.String},
    )
    # Times are written with nanoseconds, which instants do not have.
    begins = instant(pl.col("_time").str.replace(r"(\.[0-9]{6})[0-9]+", "$1"))
    is_daily = (pl.col("_begins").dt.time() == dt.time()).all().over("source_id")
    length = pl.when(is_daily).then(dt.timedelta(days=1)).otherwise(dt.timedelta(hours=1))
    held = pl.col("_begins") + length if metric == _AT_THE_END else pl.col("_begins")
    return (
        raw.with_columns(_begins=begins)
        .select(
            "source_id",
            held.cast(UTC_TIME).alias("time"),
            "price",
            pl.lit(None, dtype=pl.String).alias("interval"),
            pl.lit(None, dtype=pl.String).alias("fault"),
            pl.concat_str("source_id", "_time", pl.col("price").fill_null(""), separator=",").alias("row"),
            pl.lit(origin).alias("origin"),
        )
        .cast(QUOTES)
    )


def fetch_coinmetrics(
    http: HttpClient,
    endpoint: Endpoint,
    assets: list[str],
    span: Span,
    interval: str | None,
    now: dt.datetime,
) -> Fetched:
    """Daily PriceUSD of assets, all pages; assets of which there is none are unknown."""
    rows: list[dict[str, Any]] = []
    for asset in assets:
        request: Request | None = Request(
            endpoint,
            path="timeseries/asset-metrics",
            params={
                "assets": asset,
                "metrics": _AT_THE_END,
                "frequency": "1d",
                "start_time": f"{span.start - dt.timedelta(days=1):%Y-%m-%d}",
                "end_time": f"{span.end - dt.timedelta(days=1):%Y-%m-%d}",
                "page_size": str(_PAGE_ROWS),
                "ignore_unsupported_errors": "true",
            },
        )
        for _ in range(_MOST_PAGES):
            if request is None:
                break
            answer = http.call(request, read_answer)
            rows += _data(answer, endpoint)
            request = _next_page(answer, endpoint)
        else:
            raise BadAnswer(f"{endpoint} has no last page for '{asset}'.", "Ask for fewer days.")
    there = {str(row.get("asset")) for row in rows}
    return Fetched(quotes_of(rows, "coinmetrics"), tuple(asset for asset in assets if asset not in there))


def _data(answer: Any, endpoint: Endpoint) -> list[dict[str, Any]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise BadAnswer(f"{endpoint} answered without data.", "Check that it is the address of the service.")
    return data


def _next_page(answer: dict[str, Any], endpoint: Endpoint) -> Request | None:
    """The page that the answer names; only the service itself is followed, as it is given our headers."""
    url = answer.get("next_page_url")
    if not url:
        return None
    if urlsplit(str(url))[:2] != urlsplit(endpoint.url)[:2]:
        raise BadAnswer(f"{endpoint} names a next page elsewhere.", "Check the address of the service.")
    return Request(Endpoint(str(url), endpoint.headers))
