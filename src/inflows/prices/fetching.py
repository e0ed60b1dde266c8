"""Fetch quotes from the public price services, and store them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from inflows.errors import UsageError, WorkError
from inflows.files import writing
from inflows.http import HttpClient, parse_endpoint
from inflows.layout import Layout
from inflows.prices.catalogue import ids_asked, licences, price_ids
from inflows.prices.coingecko import key_header
from inflows.prices.fetched import Span
from inflows.prices.price_report import PricesReport
from inflows.prices.quote_store import store_quotes
from inflows.prices.services import SERVICES
from inflows.settings import load_settings

SOURCES: Final = tuple(SERVICES)
"""Services that can be fetched from."""


def fetch_prices(
    layout: Layout,
    source: str,
    assets: Sequence[str],
    start: dt.date,
    end: dt.date,
    *,
    now: dt.datetime,
    base_url: str | None = None,
    interval: str | None = None,
    ids: Path | None = None,
    known_at: dt.datetime | None = None,
    http: HttpClient | None = None,
) -> PricesReport:
    """Fetch the quotes that held from the beginning of day `start` to the beginning of day `end`; store them.

    assets: symbols of core assets, ids of the source, or CHAIN:CONTRACT; none: all that the source has an id
    for. The lock of the data folder is taken once the quotes are there. Raises UsageError for what cannot be
    asked, WorkError (NetError) where the service fails or knows nothing; then nothing is stored.
    """
    if source not in SOURCES:
        raise UsageError(f"--source {source} is unknown.", f"The sources are {', '.join(SOURCES)}.")
    service = SERVICES[source]
    if interval is not None and interval not in service.intervals:
        raise UsageError(
            f"{source} has no quotes at the interval {interval}.",
            f"It has {', '.join(service.intervals)}.",
        )
    catalogue = price_ids(ids)
    names = ids_asked(catalogue, source, assets)
    span = _span(start, end, now)
    settings = load_settings(layout.root)
    url = base_url or settings.url_of(source) or licences()[source].data_url
    headers = key_header(url, settings.key_of(source))
    endpoint = parse_endpoint(url, what=f"INFLOWS_{source.upper()}_URL", headers=headers)
    if http is None:
        with HttpClient() as opened:
            fetched = service.fetch(opened, endpoint, names, span, interval, now)
    else:
        fetched = service.fetch(http, endpoint, names, span, interval, now)
    if fetched.quotes.is_empty():
        raise WorkError(
            f"{licences()[source].service} has no quote of {', '.join(names[:5])} in these days.",
            "Check the days and the assets, or take another --source.",
        )
    with writing(layout):
        report = store_quotes(
            layout, source, fetched.quotes, catalogue, known_at=known_at, now=now, within=span
        )
    return dataclasses.replace(
        report, nothing_known_of=fetched.unknown, incomplete=bool(assets and fetched.unknown)
    )


def _span(start: dt.date, end: dt.date, now: dt.datetime) -> Span:
    if start >= end:
        raise UsageError(f"--to {end} is not after --from {start}.", "--to is the day after the last.")
    first, last = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (start, end))
    today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if first >= today:
        raise UsageError(f"--from {start} is not over yet.", "Ask for days that are over.")
    return Span(first, min(last, today))
