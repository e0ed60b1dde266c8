"""Recorded daily prices of several sources, delivered as each service dates them, must agree."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from price_rows import stored

from inflows.layout import Layout
from inflows.prices import import_outside_prices

RECORDED = (
    Path(__file__).parents[3] / "shared" / "realdata" / "prices" / "daily_close_2022-07-01_2024-12-31.csv"
)
DAY_MS = 86_400_000

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason=f"the recorded prices are not at {RECORDED}")


def closes(asset: str, source: str) -> pl.DataFrame:
    """Recorded closes: day (ms since 1970 of its beginning), close (text)."""
    rows = pl.read_csv(RECORDED, infer_schema=False).filter(asset=asset, source=source)
    day = pl.col("date").str.to_date()
    return rows.select(day.alias("date"), day.dt.epoch("ms").alias("ms"), "close").sort("date")


def deliver(folder: Path, asset: str, coin: str) -> None:
    """The closes of day D as each service delivers them."""
    lines = [
        f"{ms},1,1,1,{close},1,{ms + DAY_MS - 1},1,1,1,1,0"
        for _, ms, close in closes(asset, "binance_usdt").rows()
    ]
    (folder / f"{asset}USDT-1d-2022.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # CoinGecko's point of D + 1 00:00 is the close of D; the recorded rows are dated by the close.
    points = [[ms + DAY_MS, float(close)] for _, ms, close in closes(asset, "coingecko_prev_day").rows()]
    (folder / f"{coin}.json").write_text(json.dumps({"prices": points}), encoding="utf-8")
    data = [
        {"asset": asset.lower(), "time": f"{date}T00:00:00.000000000Z", "PriceUSD": close}
        for date, _, close in closes(asset, "coinmetrics_priceusd").rows()
    ]
    (folder / "answer.json").write_text(json.dumps({"data": data}), encoding="utf-8")


@pytest.fixture(scope="module")
def quotes(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Bitcoin's quotes in the registry, one column a source, and Yahoo's close at the end of its day."""
    folder = tmp_path_factory.mktemp("recorded")
    layout, now = Layout(folder / "data"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    deliver(folder, "BTC", "bitcoin")
    for name, form in (
        ("BTCUSDT-1d-2022.csv", "binance-klines"),
        ("bitcoin.json", "coingecko"),
        ("answer.json", "coinmetrics"),
    ):
        report = import_outside_prices(layout, folder / name, form, now=now)
        assert (report.quotes_stored, report.quarantined.total(), report.missing) == (915, 0, 0)
    held_at_the_end = (pl.col("date") + pl.duration(days=1)).cast(pl.Datetime("us", "UTC"))
    yahoo = closes("BTC", "yahoo_a").select(
        held_at_the_end.alias("time"), pl.col("close").cast(pl.Float64).alias("yahoo")
    )
    wide = stored(layout, "bitcoin").with_columns(pl.col("price_usd").cast(pl.Float64))
    return wide.pivot("source", index="time", values="price_usd").join(yahoo, on="time").sort("time")


def differences(frame: pl.DataFrame, one: str, other: str) -> tuple[float, float]:
    """Median and largest difference of two sources, in percent."""
    percent = 100 * (frame[one] / frame[other] - 1).abs().drop_nulls()
    median, largest = percent.median(), percent.max()
    assert isinstance(median, float)
    assert isinstance(largest, float)
    return median, largest


@pytest.mark.parametrize(
    ("source", "median", "largest"),
    [("usdt-binance", 0.045, 0.95), ("coinmetrics", 0.075, 1.15), ("coingecko", 0.055, 0.95)],
)
def test_sources_agree_at_the_same_instants(
    quotes: pl.DataFrame, source: str, median: float, largest: float
) -> None:
    assert quotes.height == 915
    found = differences(quotes, source, "yahoo")
    assert found[0] <= median
    assert found[1] <= largest


def test_a_source_that_is_a_day_off_would_be_seen(quotes: pl.DataFrame) -> None:
    for source in ("usdt-binance", "coinmetrics", "coingecko"):
        for days in (-1, 1):
            shifted = quotes.with_columns(pl.col(source).shift(days))
            assert differences(shifted, source, "yahoo")[0] > 1
