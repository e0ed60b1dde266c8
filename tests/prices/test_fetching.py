"""Fetchers against a local server that plays each service over real sockets."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from price_rows import times_and_prices, utc
from price_server import PriceServer

from inflows.errors import UsageError, WorkError
from inflows.http import HttpClient
from inflows.layout import Layout
from inflows.prices import PricesReport, fetch_prices

Kline = Callable[..., str]
KEY = "CG-canary-5f3d9a"
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def fetch(
    layout: Layout, server: PriceServer, http: HttpClient, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PricesReport]:
    """fetch_prices from the local server."""
    monkeypatch.delenv("COINGECKO_API_KEY", raising=False)

    def run(source: str, assets: list[str], start: str, end: str, **more: Any) -> PricesReport:
        days = [dt.date.fromisoformat(day) for day in (start, end)]
        more = {"now": now, "base_url": server.url, "http": http} | more
        return fetch_prices(layout, source, assets, *days, **more)

    return run


def offer(server: PriceServer, symbol: str, interval: str, period: str, lines: Iterable[str]) -> str:
    """Put an archive with its sum on the server; returns its path."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{symbol}-{interval}-{period}.csv"), "\n".join(lines) + "\n")
    grain = "monthly" if len(period) == 7 else "daily"
    path = f"/data/spot/{grain}/klines/{symbol}/{interval}/{symbol}-{interval}-{period}.zip"
    body = out.getvalue()
    server.routes[path] = body
    server.routes[path + ".CHECKSUM"] = (
        f"{hashlib.sha256(body).hexdigest()}  {path.split('/')[-1]}\n".encode()
    )
    return path


def days_of(kline: Kline, first: str, count: int, price: str = "3000") -> list[str]:
    return [kline(utc(first) + day * DAY, price, hours=24) for day in range(count)]


def paths(server: PriceServer) -> list[str]:
    return [path.rpartition("/")[2] for path, _, _ in server.asked if not path.endswith(".CHECKSUM")]


def test_whole_months_come_as_one_archive_and_the_days_at_the_ends_one_by_one(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout, kline: Kline
) -> None:
    offer(server, "BTCUSDT", "1d", "2024-01-31", days_of(kline, "2024-01-31", 1))
    offer(server, "BTCUSDT", "1d", "2024-02", days_of(kline, "2024-02-01", 29))
    offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1))
    report = fetch("binance", ["BTC"], "2024-02-01", "2024-03-02", interval="1d")
    assert paths(server) == [
        "BTCUSDT-1d-2024-01-31.zip",
        "BTCUSDT-1d-2024-02.zip",
        "BTCUSDT-1d-2024-03-01.zip",
    ]
    times = [time for time, _ in times_and_prices(layout, "bitcoin")]
    assert (times[0], times[-1], len(times)) == ("2024-02-01 00:00:00", "2024-03-02 00:00:00", 31)
    assert report.gaps == ()


def test_missing_archives_and_missing_klines_are_listed_and_the_rest_is_stored(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout, kline: Kline
) -> None:
    hours = [kline(utc("2024-03-02 00:00") + hour * HOUR, "3000") for hour in range(24) if hour not in (7, 8)]
    offer(server, "ETHUSDT", "1h", "2024-03-02", hours)
    report = fetch("binance", ["ETH"], "2024-03-02", "2024-03-04")
    # The first hour closes at the beginning of the span; its kline opened on the day before.
    assert [(str(gap.start)[:16], gap.missing) for gap in report.gaps] == [
        ("2024-03-01 23:00", 1),
        ("2024-03-02 07:00", 2),
        ("2024-03-03 00:00", 24),
    ]
    assert "27 klines missing" in report.sentence()
    assert report.quotes_stored == 22
    assert not report.incomplete


def test_a_month_that_is_not_packed_yet_is_fetched_by_its_days(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout, kline: Kline
) -> None:
    offer(server, "BTCUSDT", "1d", "2025-12-01", days_of(kline, "2025-12-01", 1))
    report = fetch("binance", ["BTC"], "2025-12-02", "2026-01-01", interval="1d")
    assert paths(server)[0] == "BTCUSDT-1d-2025-12.zip"
    assert len(paths(server)) == 32
    assert report.quotes_stored == 1


def test_an_old_month_that_is_not_there_is_not_asked_for_day_by_day(
    fetch: Callable[..., PricesReport], server: PriceServer, kline: Kline
) -> None:
    with pytest.raises(WorkError, match="no quote of BTCUSDT"):
        fetch("binance", ["BTC"], "2024-02-02", "2024-03-01", interval="1d")
    assert paths(server) == ["BTCUSDT-1d-2024-02.zip"]


def test_an_archive_that_is_not_what_its_sum_says_is_fetched_once_more_then_refused(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout, kline: Kline
) -> None:
    path = offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1))
    server.routes[path + ".CHECKSUM"] = b"0" * 64 + b"  BTCUSDT-1d-2024-03-01.zip\n"
    with pytest.raises(WorkError, match="not what its CHECKSUM says, so nothing was stored"):
        fetch("binance", ["BTC"], "2024-03-02", "2024-03-03", interval="1d")
    assert len(paths(server)) == 2
    assert not layout.registry.exists()


def test_an_archive_that_is_uploaded_again_meanwhile_is_fetched_whole(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout, kline: Kline
) -> None:
    path = offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1, "60000"))
    old = server.routes[path]
    offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1, "60001"))
    server.routes[path] = [old, server.routes[path]]
    fetch("binance", ["BTC"], "2024-03-02", "2024-03-03", interval="1d")
    assert times_and_prices(layout, "bitcoin") == [("2024-03-02 00:00:00", Decimal(60001))]


def test_an_archive_without_a_sum_is_refused(
    fetch: Callable[..., PricesReport], server: PriceServer, kline: Kline
) -> None:
    path = offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1))
    del server.routes[path + ".CHECKSUM"]
    with pytest.raises(WorkError, match=r"There is no BTCUSDT-1d-2024-03-01\.zip\.CHECKSUM"):
        fetch("binance", ["BTC"], "2024-03-02", "2024-03-03", interval="1d")


def test_an_asset_that_was_named_and_has_no_quote_makes_the_fetch_incomplete(
    fetch: Callable[..., PricesReport], server: PriceServer, kline: Kline
) -> None:
    offer(server, "BTCUSDT", "1d", "2024-03-01", days_of(kline, "2024-03-01", 1))
    report = fetch("binance", ["BTC", "ETH"], "2024-03-02", "2024-03-03", interval="1d")
    assert (report.nothing_known_of, report.incomplete, report.quotes_stored) == (("ETHUSDT",), True, 1)
    everything = fetch("binance", [], "2024-03-02", "2024-03-03", interval="1d")
    assert "ETHUSDT" in everything.nothing_known_of
    assert not everything.incomplete


def test_points_of_coingecko_are_asked_in_dollars_with_all_digits_and_stored_at_their_instants(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    server.routes["/coins/bitcoin/market_chart/range"] = {"prices": [[1709251200000, 61198.38]]}
    fetch("coingecko", ["BTC"], "2024-03-01", "2024-07-01")
    _, query, _ = server.asked[0]
    assert (query["vs_currency"], query["precision"]) == (["usd"], ["full"])
    assert (query["from"], query["to"]) == (["1709251200"], ["1719792000"])
    assert times_and_prices(layout, "bitcoin") == [("2024-03-01 00:00:00", Decimal("61198.38"))]


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("inside", [False, True])
def test_more_than_365_days_of_coingecko_fail_at_once_with_the_remedy(
    fetch: Callable[..., PricesReport], server: PriceServer, waits: list[float], status: int, inside: bool
) -> None:
    said = {"status": {"error_code": 10012, "error_message": "Your request exceeds the allowed time range."}}
    server.routes["/coins/bitcoin/market_chart/range"] = (status, {}, {"error": said} if inside else said)
    with pytest.raises(WorkError, match="last 365 days only") as caught:
        fetch("coingecko", ["BTC"], "2022-01-01", "2024-07-01")
    assert "--from" in caught.value.hint
    assert (len(server.asked), waits) == (1, [])


def test_a_rate_limit_with_retry_after_is_waited_for(
    fetch: Callable[..., PricesReport], server: PriceServer, waits: list[float]
) -> None:
    good = {"prices": [[1709251200000, 61198.38]]}
    said = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
    server.routes["/coins/bitcoin/market_chart/range"] = [(429, {"Retry-After": "7"}, said), good]
    assert fetch("coingecko", ["BTC"], "2024-03-01", "2024-07-01").quotes_stored == 1
    assert len(waits) == 1
    assert 6 < waits[0] < 9


@pytest.mark.parametrize(
    "said",
    [
        {"Response": "Error", "Type": 99, "Message": "You are over your rate limit please upgrade"},
        {"Response": "Error", "Type": 99, "Message": ""},
        {"status": {"error_code": 429}},
        {"Response": "Error", "Type": 1, "Message": "rate limit reached"},
    ],
)
def test_a_rate_limit_that_comes_with_http_200_is_waited_for(
    fetch: Callable[..., PricesReport], server: PriceServer, waits: list[float], said: dict[str, Any]
) -> None:
    good = {"coins": {"coingecko:bitcoin": {"prices": [{"timestamp": 1709251200, "price": 61198.38}]}}}
    server.routes["/chart/coingecko:bitcoin"] = [(200, {}, said), good]
    assert fetch("defillama", ["BTC"], "2024-03-01", "2024-03-02").quotes_stored == 1
    assert len(waits) == 1


def test_another_error_with_http_200_fails_at_once(
    fetch: Callable[..., PricesReport], server: PriceServer, waits: list[float]
) -> None:
    server.routes["/chart/coingecko:bitcoin"] = {"Response": "Error", "Type": 2, "Message": "no such market"}
    with pytest.raises(WorkError, match="no such market"):
        fetch("defillama", ["BTC"], "2024-03-01", "2024-03-02")
    assert (len(server.asked), waits) == (1, [])


def test_a_page_of_html_with_http_200_is_no_answer(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    server.routes["/chart/coingecko:bitcoin"] = b"<html>Checking your browser</html>"
    with pytest.raises(WorkError, match="no JSON"):
        fetch("defillama", ["BTC"], "2024-03-01", "2024-03-02")
    assert not layout.registry.exists()


def test_what_defillama_does_not_know_is_said(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    server.routes["/chart/coingecko:bitcoin"] = {"coins": {}}
    with pytest.raises(WorkError, match="DefiLlama coins API has no quote of coingecko:bitcoin"):
        fetch("defillama", ["BTC"], "2024-03-01", "2024-03-02")
    assert not layout.registry.exists()


def test_a_long_span_of_defillama_is_asked_in_parts_without_a_hole_between_them(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    def chart(query: dict[str, list[str]]) -> dict[str, Any]:
        start, points = int(query["start"][0]), int(query["span"][0])
        prices = [{"timestamp": start + i * 86400 - 30, "price": 60000 + i} for i in range(points)]
        return {"coins": {"coingecko:bitcoin": {"symbol": "BTC", "prices": prices}}}

    server.routes["/chart/coingecko:bitcoin"] = chart
    report = fetch("defillama", ["BTC"], "2022-07-01", "2024-07-01")
    assert [query["span"] for _, query, _ in server.asked] == [["400"], ["332"]]
    times = [time[:10] for time, _ in times_and_prices(layout, "bitcoin")]
    assert (times[0], times[-1], len(set(times))) == ("2022-06-30", "2024-06-30", 732)
    assert report.quotes_stored == 732


def test_all_pages_of_coin_metrics_are_read(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    pages = [
        {
            "data": [
                {"asset": "btc", "time": f"2024-03-0{day}T00:00:00.000000000Z", "PriceUSD": f"6000{day}.5"}
            ]
        }
        for day in (1, 2, 3)
    ]

    def answer(query: dict[str, list[str]]) -> dict[str, Any]:
        page = int(query.get("next_page_token", ["0"])[0])
        more = {"next_page_token": str(page + 1)}
        url = f"{server.url}/timeseries/asset-metrics?next_page_token={page + 1}"
        return pages[page] | (more | {"next_page_url": url} if page < 2 else {})

    server.routes["/timeseries/asset-metrics"] = answer
    report = fetch("coinmetrics", ["BTC"], "2024-03-02", "2024-03-04")
    query = server.asked[0][1]
    assert (query["start_time"], query["end_time"]) == (["2024-03-01"], ["2024-03-03"])
    assert [time for time, _ in times_and_prices(layout, "bitcoin")] == [
        "2024-03-02 00:00:00",
        "2024-03-03 00:00:00",
        "2024-03-04 00:00:00",
    ]
    assert "CC BY-NC 4.0" in report.sentence()


def test_a_next_page_on_another_host_is_not_followed(
    fetch: Callable[..., PricesReport], server: PriceServer, layout: Layout
) -> None:
    row = {"asset": "btc", "time": "2024-03-01T00:00:00Z", "PriceUSD": "1"}
    server.routes["/timeseries/asset-metrics"] = {"data": [row], "next_page_url": "http://127.0.0.2:1/x"}
    with pytest.raises(WorkError, match="next page elsewhere"):
        fetch("coinmetrics", ["BTC"], "2024-03-02", "2024-03-04")
    assert not layout.registry.exists()


def test_pages_without_an_end_are_given_up(
    fetch: Callable[..., PricesReport], server: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inflows.prices.coinmetrics._MOST_PAGES", 3)
    url = f"{server.url}/timeseries/asset-metrics"
    server.routes["/timeseries/asset-metrics"] = {"data": [], "next_page_url": url}
    with pytest.raises(WorkError, match="no last page"):
        fetch("coinmetrics", ["BTC"], "2024-03-02", "2024-03-04")


def test_a_key_goes_to_coingecko_and_nowhere_else(
    fetch: Callable[..., PricesReport],
    server: PriceServer,
    layout: Layout,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("COINGECKO_API_KEY", KEY)
    good = {"prices": [[1709251200000, 61198.38], [1709337600000, -1]]}
    server.routes["/coins/bitcoin/market_chart/range"] = [good, (500, {}, f"echo {KEY}".encode())]
    report = fetch("coingecko", ["BTC"], "2024-03-01", "2024-07-01")
    assert server.asked[0][2]["x-cg-demo-api-key"] == KEY
    with pytest.raises(WorkError) as caught:
        fetch("coingecko", ["BTC"], "2024-03-01", "2024-07-01")
    error = caught.value
    shown = [str(error), repr(error), str(error.__cause__), str(error.__context__), repr(report)]
    assert KEY not in " ".join([*shown, report.sentence(), caplog.text])
    files = [path.read_bytes() for path in layout.root.rglob("*") if path.is_file()]
    assert files
    assert not [body for body in files if KEY.encode() in body]


def test_a_key_refused_is_said_without_the_key(
    fetch: Callable[..., PricesReport], server: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_API_KEY", KEY)
    said = {"status": {"error_code": 10002, "error_message": f"API Key {KEY} is wrong"}}
    server.routes["/coins/bitcoin/market_chart/range"] = (401, {}, said)
    with pytest.raises(WorkError, match="refuses the key") as caught:
        fetch("coingecko", ["BTC"], "2024-03-01", "2024-07-01")
    assert KEY not in str(caught.value)


def test_a_service_that_is_not_there_is_named(fetch: Callable[..., PricesReport]) -> None:
    with pytest.raises(WorkError, match=r"127\.0\.0\.1:1 cannot be reached"):
        fetch("coinmetrics", ["BTC"], "2024-03-02", "2024-03-04", base_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("source", "asset", "start", "end", "more", "says"),
    [
        ("yahoo", "BTC", "2024-03-01", "2024-03-02", {}, "--source yahoo is unknown"),
        ("binance", "BTC", "2024-03-02", "2024-03-02", {}, "not after --from"),
        ("binance", "BTC", "2026-02-01", "2026-03-01", {}, "not over yet"),
        ("binance", "NOCOIN", "2024-03-01", "2024-03-02", {}, "'NOCOIN' is no asset"),
        ("binance", "BTC", "2024-03-01", "2024-03-02", {"interval": "7h"}, "no quotes at the interval 7h"),
        ("coinmetrics", "BTC", "2024-03-01", "2024-03-02", {"interval": "1m"}, "It has 1d"),
        ("binance", "BTC", "2024-03-01", "2024-03-02", {"base_url": "ftp://x"}, "INFLOWS_BINANCE_URL"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    fetch: Callable[..., PricesReport],
    server: PriceServer,
    source: str,
    asset: str,
    start: str,
    end: str,
    more: dict[str, Any],
    says: str,
) -> None:
    with pytest.raises(UsageError) as caught:
        fetch(source, [asset], start, end, **more)
    assert says in str(caught.value)
    assert server.asked == []


def test_a_day_that_is_not_over_is_not_asked_for(
    fetch: Callable[..., PricesReport], server: PriceServer, now: dt.datetime
) -> None:
    server.routes["/coins/bitcoin/market_chart/range"] = {"prices": [[1768348800000, 61198.38]]}
    fetch("coingecko", ["BTC"], "2026-01-13", "2026-02-01")
    assert server.asked[0][1]["to"] == [str(int(utc("2026-01-15").timestamp()))]


def test_an_address_may_come_from_the_environment(
    fetch: Callable[..., PricesReport], server: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLOWS_DEFILLAMA_URL", server.url)
    point = {"prices": [{"timestamp": 1709251200, "price": json.loads("61198.38")}]}
    server.routes["/chart/coingecko:bitcoin"] = {"coins": {"coingecko:bitcoin": point}}
    assert fetch("defillama", ["BTC"], "2024-03-01", "2024-03-02", base_url=None).quotes_stored == 1
