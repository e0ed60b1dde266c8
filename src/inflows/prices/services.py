"""The price services: one declaration each, of which commands, checks of options and imports are made.

A service's licence and address are data (reference/price_sources.csv), and so is which asset each of its ids
stands for (reference/price_ids.csv).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, NamedTuple

import polars as pl

from inflows.http import Endpoint, HttpClient
from inflows.prices.archives import fetch_binance, read_klines
from inflows.prices.coingecko import fetch_coingecko, parse_coingecko
from inflows.prices.coinmetrics import fetch_coinmetrics, parse_coinmetrics
from inflows.prices.defillama import fetch_defillama, parse_defillama
from inflows.prices.fetched import Fetched, Span
from inflows.prices.klines import INTERVALS


class PriceService(NamedTuple):
    """A service. fetch: client, endpoint, ids, span, interval (None: its own), now."""

    name: str
    intervals: tuple[str, ...]
    fetch: Callable[[HttpClient, Endpoint, list[str], Span, str | None, dt.datetime], Fetched]
    input_format: str
    read: Callable[[bytes, str], pl.DataFrame]
    """Quotes of a saved file, given its bytes and name."""
    suffixes: tuple[str, ...] = (".json", ".csv")
    """What the names of saved files end with."""


SERVICES: Final = {
    service.name: service
    for service in (
        PriceService(
            "binance",
            tuple(INTERVALS),
            fetch_binance,
            "binance-klines",
            read_klines,
            (".zip", ".csv", ".json"),
        ),
        PriceService("coingecko", ("1h", "1d"), fetch_coingecko, "coingecko", parse_coingecko),
        PriceService("coinmetrics", ("1d",), fetch_coinmetrics, "coinmetrics", parse_coinmetrics),
        PriceService("defillama", ("1h", "1d"), fetch_defillama, "defillama", parse_defillama, (".json",)),
    )
}
"""Every service, by name; a further one is one more declaration, its module, and rows of the two files."""
