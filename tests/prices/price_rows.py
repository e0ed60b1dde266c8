"""What the tests read from a data folder."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from inflows.layout import Layout

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"


def utc(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def stored(layout: Layout, chain: str, contract: str = "", source: str | None = None) -> pl.DataFrame:
    """The quotes of an asset in the registry, by time and source."""
    found = pl.read_parquet(layout.registry / "prices" / "*.parquet").filter(
        pl.col("chain") == chain, pl.col("contract") == contract
    )
    return (found if source is None else found.filter(pl.col("source") == source)).sort("time", "source")


def times_and_prices(
    layout: Layout, chain: str, contract: str = "", source: str | None = None
) -> list[tuple[str, Decimal]]:
    """Instants and prices of an asset in the registry."""
    rows = stored(layout, chain, contract, source).select(
        pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S"), "price_usd"
    )
    return [(time, price.normalize()) for time, price in rows.iter_rows()]


def quarantine(layout: Layout) -> dict[str, int]:
    """Rows in the quarantine of prices, by reason."""
    paths = sorted((layout.raw / "quarantine" / "dataset=prices").rglob("*.parquet"))
    if not paths:
        return {}
    rows = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    return dict(rows.group_by("reason").len().sort("reason").iter_rows())
