"""Files of prices under the names that their sites give them, and of kinds that are not read."""

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from price_rows import stored, times_and_prices

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.prices import import_outside_prices

sys.path.append(str(Path(__file__).parents[1] / "sources"))
from shared_cases import case

DOWNLOAD = (
    "snapped_at,price,market_cap,total_volume\n2024-03-01 00:00:00 UTC,3341.92,401000000000.0,21000000000.0\n"
)
KLINES = "Open time,Open,High,Low,Close,Volume,Close time,Quote,Trades,Base,Quote 2,Ignore\n"


def imported(layout: Layout, path: Path, form: str, now: dt.datetime) -> int:
    return import_outside_prices(layout, path, form, now=now).quotes_stored


@pytest.mark.parametrize(
    ("name", "chain", "contract"),
    [
        ("eth-usd-max.csv", "ethereum", ""),
        ("ETH-usd-max.csv", "ethereum", ""),
        ("eth-usd-max (1).csv", "ethereum", ""),
        ("btc-usd-365d.csv", "bitcoin", ""),
        ("ethereum-usd-max.csv", "ethereum", ""),
        ("usdt-usd-max.csv", "ethereum", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ("usd-coin_2024.csv", "ethereum", "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
        ("eth.csv", "ethereum", ""),
    ],
)
def test_a_download_of_coingecko_is_of_the_coin_that_its_name_tells(
    layout: Layout, tmp_path: Path, now: dt.datetime, name: str, chain: str, contract: str
) -> None:
    (tmp_path / name).write_text(DOWNLOAD, encoding="utf-8")
    assert imported(layout, tmp_path / name, "coingecko", now) == 1
    assert stored(layout, chain, contract)["price_usd"].to_list() == [Decimal("3341.92")]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("eth-eur-max.csv", "prices in EUR"),
        (
            "pol-usd-max.csv",
            "stand for no asset here: pol-usd-max",
        ),  # MATIC's id until 2024-09, POL's since then
        ("nonesuch-usd-max.csv", "stand for no asset here: nonesuch-usd-max"),
    ],
)
def test_a_download_that_could_be_of_several_coins_or_of_another_currency_is_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime, name: str, says: str
) -> None:
    (tmp_path / name).write_text(DOWNLOAD, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        imported(layout, tmp_path / name, "coingecko", now)
    assert not layout.registry.exists()


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("2024-03-01 00:00:00.000000 UTC", "2024-03-01 23:59:59.999000 UTC"),
        ("2024-03-01 00:00:00", "2024-03-01 23:59:59.999999"),
        ("2024-03-01T00:00:00Z", "2024-03-01T23:59:59Z"),
    ],
)
def test_klines_with_times_as_text_held_at_their_end(
    layout: Layout, tmp_path: Path, now: dt.datetime, opened: str, closed: str
) -> None:
    path = tmp_path / "ETHUSDT-1d-text.csv"
    path.write_text(KLINES + f"{opened},1,2,1,3435.05,10,{closed},1,5,1,1,0\n", encoding="utf-8")
    assert imported(layout, path, "binance-klines", now) == 1
    assert times_and_prices(layout, "ethereum") == [("2024-03-02 00:00:00", Decimal("3435.05"))]


def test_a_kline_of_text_that_ends_elsewhere_is_not_believed(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    path = tmp_path / "ETHUSDT-1d-text.csv"
    rows = "2024-03-01 00:00:00,1,2,1,3,10,2024-03-02 00:00:00,1,5,1,1,0\n"
    path.write_text(KLINES + rows, encoding="utf-8")
    report = import_outside_prices(layout, path, "binance-klines", now=now)
    assert (report.quotes_stored, dict(report.quarantined)) == (0, {"close_time_off": 1})


@pytest.mark.parametrize("time", ["1709251200", "3/1/2024 0:00", "yesterday"])
def test_a_file_without_one_time_that_is_understood_is_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime, time: str
) -> None:
    klines = tmp_path / "ETHUSDT-1d-text.csv"
    klines.write_text(KLINES + f"{time},1,2,1,3,10,{time},1,5,1,1,0\n", encoding="utf-8")
    export = tmp_path / "ethereum.csv"
    export.write_text(DOWNLOAD.replace("2024-03-01 00:00:00 UTC", time), encoding="utf-8")
    for path, form in ((klines, "binance-klines"), (export, "coingecko")):
        with pytest.raises(UsageError, match=f"No time in .* is understood.*{time}"):
            imported(layout, path, form, now)
    assert not layout.registry.exists()
    assert not layout.raw.exists()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("eth-usd-max.csv", "coingecko"),
        ("ethereum.csv", "coingecko"),
        ("ETHUSDT-1d-text.csv", "binance-klines"),
        ("ETHUSDT-1h-2024-03.csv", "binance-klines"),
    ],
)
def test_the_case_of_files_of_prices_is_read(layout: Layout, now: dt.datetime, name: str, form: str) -> None:
    assert imported(layout, case("price_files") / name, form, now) >= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Binance_ETHUSDT_1h.csv", "CryptoDataDownload"),
        ("ETH-USD.csv", "Yahoo Finance"),
        ("ETHUSDT-1h-2024-03.csv", "Binance's klines"),
    ],
)
def test_the_case_of_files_of_other_kinds_is_told_by_what_they_are(
    layout: Layout, now: dt.datetime, name: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        imported(layout, case("price_files") / name, "coingecko", now)
    assert not layout.registry.exists()
