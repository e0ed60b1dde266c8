"""Saved files and answers into the registry."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from price_rows import USDT, WETH, quarantine, stored, times_and_prices, utc

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.prices import import_outside_prices
from inflows.registry import effective
from inflows.registry.imports import import_prices

Kline = Callable[..., str]
HOUR = dt.timedelta(hours=1)


def klines(kline: Kline, *prices: str, start: str = "2024-03-01 00:00") -> bytes:
    lines = [kline(utc(start) + hour * HOUR, price) for hour, price in enumerate(prices)]
    return ("\n".join(lines) + "\n").encode()


def zipped(csv: bytes, name: str = "ETHUSDT-1h-2024-03.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), csv)
    return out.getvalue()


def save(path: Path, content: bytes | str | dict[str, Any] | list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, bytes | str) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def know_tether(layout: Layout, tmp_path: Path, now: dt.datetime, price: str = "1.002") -> None:
    own = save(
        tmp_path / "own.csv",
        f"chain,contract,time,price_usd,source\nethereum,{USDT},2024-03-01T00:00:00Z,{price},test\n",
    )
    import_prices(layout, own, now=now)


def test_klines_of_an_archive_are_stored_for_every_asset_of_the_pair(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    know_tether(layout, tmp_path, now)
    path = save(tmp_path / "ETHUSDT-1h-2024-03.zip", zipped(klines(kline, "3000.10", "3001")))
    report = import_outside_prices(layout, path, "binance-klines", now=now)
    expected = [
        ("2024-03-01 01:00:00", Decimal("3006.1002")),
        ("2024-03-01 02:00:00", Decimal("3007.002")),
    ]
    assert times_and_prices(layout, "ethereum") == expected
    assert times_and_prices(layout, "ethereum", WETH) == expected
    assert times_and_prices(layout, "arbitrum") == expected
    assert set(stored(layout, "ethereum")["source"]) == {"binance"}
    assert (report.in_tether, report.at_par, report.without_checksum) == (2, 0, 1)


def test_quotes_in_tether_are_marked_where_its_price_is_not_known(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    path = save(tmp_path / "ETHUSDT-1h.csv", klines(kline, "3000.10"))
    report = import_outside_prices(layout, path, "binance-klines", now=now)
    assert times_and_prices(layout, "ethereum", source="usdt-binance") == [
        ("2024-03-01 01:00:00", Decimal("3000.1"))
    ]
    assert "1 taken as dollars (source usdt-binance)" in report.sentence()


def test_once_the_price_of_tether_is_known_the_exact_quote_stands_before_the_marked_one(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    path = save(tmp_path / "ETHUSDT-1h.csv", klines(kline, "3000"))
    import_outside_prices(layout, path, "binance-klines", now=now)
    know_tether(layout, tmp_path, now)
    import_outside_prices(layout, path, "binance-klines", now=now)
    chosen = effective.prices(layout, now).collect().filter(chain="ethereum", contract="")
    assert chosen.select("price_usd", "source").rows() == [(Decimal(3006), "binance")]


def test_a_rate_that_was_not_known_then_does_not_value_what_is_known_since_then(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    save(tmp_path / "x.csv", "chain,contract,time,price_usd,source\nbitcoin,,2024-01-01,1,test\n")
    import_prices(layout, tmp_path / "x.csv", now=now)  # the baseline
    know_tether(layout, tmp_path, now)
    path = save(tmp_path / "ETHUSDT-1h.csv", klines(kline, "3000"))
    import_outside_prices(layout, path, "binance-klines", known_at=utc("2024-03-02"), now=now)
    rows = stored(layout, "ethereum").select("source", "known_at").rows()
    assert rows == [("usdt-binance", utc("2024-03-02"))]


def test_milliseconds_and_microseconds_in_one_file_are_one_series(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    lines = [
        kline(utc("2024-12-31 23:00"), "3300"),
        kline(utc("2025-01-01 00:00"), "3310", micro=True),
    ]
    path = save(tmp_path / "ETHUSDT-1h-2025-01.csv", "\n".join(lines))
    report = import_outside_prices(layout, path, "binance-klines", now=now)
    assert [time for time, _ in times_and_prices(layout, "ethereum")] == [
        "2025-01-01 00:00:00",
        "2025-01-01 01:00:00",
    ]
    assert report.gaps == ()


def test_missing_klines_between_the_files_of_a_folder_are_listed(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    save(tmp_path / "in" / "ETHUSDT-1h-a.csv", klines(kline, "1", "1.1"))
    save(tmp_path / "in" / "ETHUSDT-1h-b.csv", klines(kline, "1.2", start="2024-03-01 05:00"))
    report = import_outside_prices(layout, tmp_path / "in", "binance-klines", now=now)
    assert report.missing == 3
    assert "3 klines missing: ETHUSDT 1h 2024-03-01T02:00Z to 2024-03-01T05:00Z." in report.sentence()


def test_an_archive_is_checked_by_the_sum_beside_it(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    body = zipped(klines(kline, "3000"))
    path = save(tmp_path / "ETHUSDT-1h-2024-03.zip", body)
    beside = path.with_name(path.name + ".CHECKSUM")
    save(beside, f"{hashlib.sha256(body).hexdigest()}  {path.name}\n")
    assert import_outside_prices(layout, path, "binance-klines", now=now).without_checksum == 0


@pytest.mark.parametrize("checksum", ["0" * 64 + "  ETHUSDT-1h-2024-03.zip\n", "<html>", ""])
def test_an_archive_with_another_sum_stores_nothing_not_even_of_the_files_beside_it(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline, checksum: str
) -> None:
    save(tmp_path / "in" / "BTCUSDT-1h-2024-03.csv", klines(kline, "60000"))
    path = save(tmp_path / "in" / "ETHUSDT-1h-2024-03.zip", zipped(klines(kline, "3000")))
    save(path.with_name(path.name + ".CHECKSUM"), checksum)
    with pytest.raises(UsageError, match="CHECKSUM"):
        import_outside_prices(layout, tmp_path / "in", "binance-klines", now=now)
    assert not layout.registry.exists()


@pytest.mark.parametrize(
    "spoil", [lambda z: z[: len(z) // 2], lambda z: b"no zip", lambda z: z[:-4] + b"...."]
)
def test_a_broken_archive_is_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline, spoil: Callable[[bytes], bytes]
) -> None:
    good = zipped(klines(kline, *["3000"] * 50))
    broken = spoil(good)
    if broken[:-4] == good[:-4]:
        middle = len(good) // 3
        broken = good[:middle] + bytes([good[middle] ^ 0xFF]) + good[middle + 1 :]
    path = save(tmp_path / "ETHUSDT-1h-2024-03.zip", broken)
    with pytest.raises(UsageError, match=r"ETHUSDT-1h-2024-03\.zip"):
        import_outside_prices(layout, path, "binance-klines", now=now)


def test_an_archive_of_two_files_is_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", klines(kline, "1"))
        archive.writestr("b.csv", klines(kline, "2"))
    path = save(tmp_path / "ETHUSDT-1h-2024-03.zip", out.getvalue())
    with pytest.raises(UsageError, match="exactly one CSV"):
        import_outside_prices(layout, path, "binance-klines", now=now)


def test_bad_quotes_lie_in_quarantine_and_are_counted_by_reason(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    prices = ["3000", "0", "3001", "-5", "NaN", "3002", "120040000", "3003", "3004", "3005"]
    path = save(tmp_path / "ETHUSDT-1h.csv", klines(kline, *prices))
    report = import_outside_prices(layout, path, "binance-klines", now=now)
    expected = {"far_from_neighbours": 1, "not_a_number": 1, "not_positive": 2}
    assert report.quarantined == expected
    assert quarantine(layout) == expected
    assert [price for _, price in times_and_prices(layout, "ethereum")] == list(range(3000, 3006))
    assert "4 quarantined (far_from_neighbours 1, not_a_number 1, not_positive 2)" in report.sentence()


def test_every_quote_read_is_accounted_for(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    lines = [
        kline(utc("2024-03-01 00:00"), "3000"),
        kline(utc("2024-03-01 00:00"), "3000"),
        kline(utc("2024-03-01 01:00"), "3000", trades=0),
        kline(utc("2024-03-01 02:00"), "0"),
    ]
    save(tmp_path / "in" / "ETHUSDT-1h.csv", "\n".join(lines))
    save(tmp_path / "in" / "XYZUSDT-1h.csv", klines(kline, "1", "2"))
    save(tmp_path / "in" / "MATICUSDT-1h.csv", klines(kline, "0.5", start="2025-03-01 00:00"))
    report = import_outside_prices(layout, tmp_path / "in", "binance-klines", now=now)
    assert report.unknown_ids == {"XYZUSDT": 2}
    assert report.set_aside == {"repeated": 1, "no_trades": 1, "not_the_asset_then": 1}
    assert report.quotes_read == 7
    assert report.quotes_read == (
        report.quotes_stored
        + report.quarantined.total()
        + report.set_aside.total()
        + report.unknown_ids.total()
    )


def test_importing_the_same_again_changes_no_byte(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    path = save(tmp_path / "ETHUSDT-1h.csv", klines(kline, *["3000"] * 4, "NaN", "120040000", "3000"))
    first = import_outside_prices(layout, path, "binance-klines", now=now)
    bytes_of = {file: file.read_bytes() for file in sorted(layout.root.rglob("*.*")) if file.is_file()}
    again = import_outside_prices(layout, path, "binance-klines", now=now + HOUR)
    assert {
        file: file.read_bytes() for file in sorted(layout.root.rglob("*.*")) if file.is_file()
    } == bytes_of
    assert again.imported.unchanged == first.imported.added > 0
    assert (again.quarantined, again.quotes_stored) == (first.quarantined, first.quotes_stored)


def test_a_corrected_archive_replaces_its_quotes_from_the_import_on(
    layout: Layout, tmp_path: Path, now: dt.datetime, kline: Kline
) -> None:
    path = save(tmp_path / "BTCUSDT-1h.csv", klines(kline, "60000"))
    import_outside_prices(layout, path, "binance-klines", now=now)
    save(path, klines(kline, "60001"))
    report = import_outside_prices(layout, path, "binance-klines", now=now + HOUR)
    assert report.imported.replaced == 1
    before, after = (
        effective.prices(layout, as_of).filter(chain="bitcoin").collect()["price_usd"].to_list()
        for as_of in (now, now + HOUR)
    )
    assert (before, after) == ([60000], [60001])


def test_a_daily_price_of_coin_metrics_held_at_the_end_of_its_day(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    day = {"asset": "btc", "time": "2024-03-01T00:00:00.000000000Z", "PriceUSD": "62438.1000000000000000005"}
    path = save(tmp_path / "answer.json", {"data": [day, {**day, "time": "2024-03-02", "PriceUSD": None}]})
    report = import_outside_prices(layout, path, "coinmetrics", now=now)
    assert times_and_prices(layout, "bitcoin") == [("2024-03-02 00:00:00", Decimal("62438.1"))]
    assert set(stored(layout, "bitcoin")["source"]) == {"coinmetrics"}
    assert report.set_aside == {"no_price": 1}
    assert "CC BY-NC 4.0" in report.sentence()
    assert "coinmetrics,Coin Metrics community data,CC BY-NC 4.0" in (
        layout.registry / "price_sources.csv"
    ).read_text(encoding="utf-8")


def test_hourly_prices_of_coin_metrics_held_at_the_end_of_their_hour(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    rows = [{"asset": "btc", "time": f"2024-03-01T0{hour}:00:00Z", "PriceUSD": "1.5"} for hour in (0, 1)]
    import_outside_prices(layout, save(tmp_path / "a.json", {"data": rows}), "coinmetrics", now=now)
    assert [time for time, _ in times_and_prices(layout, "bitcoin")] == [
        "2024-03-01 01:00:00",
        "2024-03-01 02:00:00",
    ]


def test_a_reference_rate_of_coin_metrics_held_at_its_own_time(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    path = save(
        tmp_path / "btc.csv", "time,AdrActCnt,ReferenceRateUSD\n2024-03-01,5,62000.5\n2024-03-02,5,\n"
    )
    import_outside_prices(layout, path, "coinmetrics", now=now)
    assert times_and_prices(layout, "bitcoin") == [("2024-03-01 00:00:00", Decimal("62000.5"))]


def test_a_file_of_coin_metrics_without_assets_is_of_the_asset_that_it_is_named_after(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    path = save(tmp_path / "eth.csv", "time,PriceUSD\n2024-03-01,3400.5\n")
    import_outside_prices(layout, path, "coinmetrics", now=now)
    assert times_and_prices(layout, "optimism") == [("2024-03-02 00:00:00", Decimal("3400.5"))]


def test_a_page_that_is_not_the_last_is_refused(layout: Layout, tmp_path: Path, now: dt.datetime) -> None:
    path = save(tmp_path / "a.json", {"data": [], "next_page_url": "https://example.org/next"})
    with pytest.raises(UsageError, match="not the last page"):
        import_outside_prices(layout, path, "coinmetrics", now=now)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bitcoin.json", {"prices": [[1709251200000, 61198.38], [1709337600000, 62440.63]]}),
        (
            "bitcoin_export.csv",
            "snapped_at,price,market_cap,total_volume\n2024-03-01 00:00:00 UTC,61198.38,1,1\n"
            "2024-03-02 00:00:00 UTC,62440.63,1,1\n",
        ),
    ],
)
def test_a_daily_point_of_coingecko_held_at_its_own_instant_the_beginning_of_the_day(
    layout: Layout, tmp_path: Path, now: dt.datetime, name: str, content: dict[str, Any] | str
) -> None:
    import_outside_prices(layout, save(tmp_path / name, content), "coingecko", now=now)
    assert times_and_prices(layout, "bitcoin") == [
        ("2024-03-01 00:00:00", Decimal("61198.38")),
        ("2024-03-02 00:00:00", Decimal("62440.63")),
    ]


def test_the_digits_of_an_answer_are_stored_as_they_are_written(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    answer = (
        '{"prices": [[1709251200123, 0.1], [1709254800000, 42261.0406175669005], [1709258400000, 1.5e-07]]}'
    )
    import_outside_prices(layout, save(tmp_path / "bitcoin.json", answer), "coingecko", now=now)
    assert stored(layout, "bitcoin")["time"][0] == utc("2024-03-01 00:00:00.123000")
    assert [price for _, price in times_and_prices(layout, "bitcoin")] == [
        Decimal("0.1"),
        Decimal("42261.0406175669005"),
        Decimal("0.00000015"),
    ]


def test_odd_points_of_coingecko_are_quarantined(layout: Layout, tmp_path: Path, now: dt.datetime) -> None:
    answer = (
        '{"prices": [[1709251200000, NaN], [null, 5], 7, [1709254800000, 0], [1e300, 4], [1709258400000, 9]]}'
    )
    report = import_outside_prices(layout, save(tmp_path / "bitcoin.json", answer), "coingecko", now=now)
    assert report.quarantined == {"not_a_number": 1, "not_positive": 1, "time_not_understood": 3}
    assert quarantine(layout) == report.quarantined


def test_quotes_of_defillama_are_stored_at_their_own_timestamps_by_contract(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    chart = {
        "coins": {
            f"ethereum:{USDT.upper().replace('0X', '0x')}": {
                "symbol": "USDT",
                "prices": [{"timestamp": 1709251080, "price": 1.0007}],
            }
        }
    }
    single = {"coins": {"coingecko:bitcoin": {"price": 61198.4, "timestamp": 1709251190, "confidence": 0.99}}}
    save(tmp_path / "in" / "a.json", chart)
    save(tmp_path / "in" / "b.json", single)
    import_outside_prices(layout, tmp_path / "in", "defillama", now=now)
    assert times_and_prices(layout, "ethereum", USDT) == [("2024-02-29 23:58:00", Decimal("1.0007"))]
    assert times_and_prices(layout, "bitcoin") == [("2024-02-29 23:59:50", Decimal("61198.4"))]
    assert times_and_prices(layout, "bsc") == []


def test_an_answer_of_defillama_without_coins_is_refused_with_the_reason(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    with pytest.raises(UsageError, match="knew none of the coins"):
        import_outside_prices(layout, save(tmp_path / "a.json", {"coins": {}}), "defillama", now=now)


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("coingecko", {"status": {"error_code": 429, "error_message": "Rate limit"}}, "Rate limit"),
        (
            "coingecko",
            {"error": {"status": {"error_code": 10012, "error_message": "past 365 days"}}},
            "past 365",
        ),
        ("coingecko", {"error": "coin not found"}, "coin not found"),
        ("coinmetrics", {"error": {"type": "forbidden", "message": "Not yours"}}, "Not yours"),
        ("defillama", {"Response": "Error", "Type": 99, "Message": "limit"}, "limit"),
        ("defillama", {"prices": []}, "has no coins"),
        ("coingecko", {"coins": {}}, "has no prices"),
        ("coinmetrics", {"coins": {}}, "has no data"),
        ("coingecko", "{nonsense", "no JSON"),
        ("coingecko", "a,b\n1,2\n", "lacks the columns"),
        ("coinmetrics", "a,b\n1,2\n", "lacks the columns"),
        ("coingecko", {"prices": []}, "holds no quotes"),
        ("coingecko", " \n", "is empty"),
        ("coingecko", "[" * 100_000, "lacks the columns"),
        ("coingecko", "{" + '"a":{' * 100_000, "no JSON"),
    ],
)
def test_what_is_no_answer_of_the_service_is_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime, form: str, content: Any, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        import_outside_prices(layout, save(tmp_path / "bitcoin.json", content), form, now=now)
    assert not layout.registry.exists()


def test_a_file_of_ids_that_stand_for_nothing_is_refused_with_the_remedy(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    path = save(tmp_path / "xyz-usd-max.csv", "snapped_at,price\n2024-03-01 00:00:00 UTC,61198.38\n")
    with pytest.raises(UsageError, match=r"stand for no asset here: xyz-usd-max.*--ids") as caught:
        import_outside_prices(layout, path, "coingecko", now=now)
    ids = save(
        tmp_path / "ids.csv", "source,source_id,chain,contract,quote\ncoingecko,xyz-usd-max,mychain,,USD\n"
    )
    import_outside_prices(layout, path, "coingecko", now=now, ids=ids)
    assert len(times_and_prices(layout, "mychain")) == 1
    assert caught.value.exit_code == 2


def test_a_renamed_coin_is_priced_by_the_name_that_it_had(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    days = [int(utc(f"2024-09-0{day}").timestamp() * 1000) for day in (3, 4)]
    save(tmp_path / "in" / "matic-network.json", {"prices": [[day, 0.4] for day in days]})
    save(tmp_path / "in" / "polygon-ecosystem-token.json", {"prices": [[day, 0.41] for day in days]})
    report = import_outside_prices(layout, tmp_path / "in", "coingecko", now=now)
    assert times_and_prices(layout, "polygon") == [
        ("2024-09-03 00:00:00", Decimal("0.4")),
        ("2024-09-04 00:00:00", Decimal("0.41")),
    ]
    assert report.set_aside == {"not_the_asset_then": 2}


def test_an_unknown_format_and_a_path_without_files_are_refused(
    layout: Layout, tmp_path: Path, now: dt.datetime
) -> None:
    with pytest.raises(UsageError, match="binance-klines"):
        import_outside_prices(layout, tmp_path, "yahoo", now=now)
    with pytest.raises(UsageError, match=r"no \.json or \.csv file"):
        import_outside_prices(layout, tmp_path, "coingecko", now=now)
    with pytest.raises(UsageError, match=r"no \.json file"):
        import_outside_prices(layout, tmp_path / "nowhere*", "defillama", now=now)
