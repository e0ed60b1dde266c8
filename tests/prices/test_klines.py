"""Klines: their instants, their faults, and the holes between them."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl
import pytest
from price_rows import utc

from inflows.errors import UsageError
from inflows.prices.klines import missing_klines, parse_klines, symbol_and_interval

Kline = Callable[..., str]


def parsed(*lines: str, interval: str = "1h") -> pl.DataFrame:
    return parse_klines("\n".join(lines).encode() + b"\n", "ETHUSDT", interval, "test.csv")


def test_a_close_holds_at_the_end_of_its_kline_which_is_when_the_next_one_opens(kline: Kline) -> None:
    quotes = parsed(kline(utc("2024-12-31 22:00"), "3300.12"))
    assert quotes.select("source_id", "time", "price", "fault").rows() == [
        ("ETHUSDT", utc("2024-12-31 23:00"), "3300.12", None)
    ]


def test_milliseconds_and_microseconds_in_one_file_give_the_same_instants(kline: Kline) -> None:
    quotes = parsed(
        kline(utc("2024-12-31 22:00"), "1.5"),
        kline(utc("2024-12-31 23:00"), "2.5", micro=True),
        kline(utc("2025-01-01 00:00"), "3.5", micro=True),
    )
    assert quotes["fault"].to_list() == [None, None, None]
    assert quotes["time"].to_list() == [
        utc("2024-12-31 23:00"),
        utc("2025-01-01 00:00"),
        utc("2025-01-01 01:00"),
    ]


def test_one_kline_in_either_unit_is_one_and_the_same_quote(kline: Kline) -> None:
    opens = utc("2025-03-01 05:00")
    milli, micro = parsed(kline(opens, "2.5")), parsed(kline(opens, "2.5", micro=True))
    assert milli.drop("row").equals(micro.drop("row"))


def test_a_kline_without_trades_is_no_quote_but_no_hole_either(kline: Kline) -> None:
    quotes = parsed(
        kline(utc("2024-03-01 00:00"), "1.5"),
        kline(utc("2024-03-01 01:00"), "1.5", trades=0),
        kline(utc("2024-03-01 02:00"), "1.6"),
    )
    assert quotes["fault"].to_list() == [None, "no_trades", None]
    assert missing_klines(quotes) == ()


@pytest.mark.parametrize("off", [-1, 1, -60_000])
def test_a_kline_that_closes_at_another_time_than_its_interval_says_is_not_believed(
    kline: Kline, off: int
) -> None:
    assert parsed(kline(utc("2024-03-01 00:00"), "1.5", off=off))["fault"].to_list() == ["close_time_off"]


@pytest.mark.parametrize("opens", ["1709251200", "abc", "", "-5", "99999999999999999999"])
def test_a_time_in_seconds_or_in_no_unit_is_not_understood(opens: str) -> None:
    line = f"{opens},1,1,1,1,1,1709254799999,1,1,1,1,0"
    assert parsed(line)["fault"].to_list() == ["time_not_understood"]


def test_a_header_is_skipped_and_a_file_of_a_header_alone_has_no_quotes(kline: Kline) -> None:
    header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,a,b,ignore"
    assert parsed(header, kline(utc("2024-03-01 00:00"), "1.5")).height == 1
    assert parsed(header).height == 0


def test_the_answer_of_the_api_is_read_like_an_archive(kline: Kline) -> None:
    fields = kline(utc("2024-03-01 00:00"), "1.50000000").split(",")
    answer = json.dumps([[int(fields[0]), *fields[1:6], int(fields[6]), fields[7], 7, *fields[9:]]])
    assert parsed(answer).drop("row").equals(parsed(",".join(fields)).drop("row"))


@pytest.mark.parametrize("body", [b"1,2,3\n4,5,6\n", b"[[1,2]]", b"[1", b'{"code": -1121}', b"1,2\n1,2,3\n"])
def test_what_does_not_hold_klines_is_refused(body: bytes) -> None:
    with pytest.raises(UsageError, match=r"test\.csv"):
        parse_klines(body, "ETHUSDT", "1h", "test.csv")


def test_a_file_says_by_its_name_what_it_holds() -> None:
    assert symbol_and_interval("ETHUSDT-1h-2024-03.zip") == ("ETHUSDT", "1h")
    assert symbol_and_interval("1INCHUSDT-15m-2024-03-01.csv") == ("1INCHUSDT", "15m")
    for name in ("prices.csv", "ETHUSDT-7h-2024.csv", "ethusdt-1h.csv", "ETHUSDT.csv", "../x-1h.csv"):
        with pytest.raises(UsageError, match="pair and interval"):
            symbol_and_interval(name)


def test_holes_are_listed_with_their_bounds_and_sizes(kline: Kline) -> None:
    hours = [0, 1, 4, 5, 9]
    quotes = parsed(*(kline(utc(f"2024-03-01 0{hour}:00"), "1.5") for hour in reversed(hours)))
    gaps = missing_klines(quotes)
    assert [(gap.start.hour, gap.end.hour, gap.missing) for gap in gaps] == [(2, 4, 2), (6, 9, 3)]
    assert str(gaps[0]) == "ETHUSDT 1h 2024-03-01T02:00Z to 2024-03-01T04:00Z"


def test_within_bounds_the_klines_before_the_first_and_after_the_last_are_missing_too(kline: Kline) -> None:
    quotes = parsed(kline(utc("2024-03-02 00:00"), "1.5", hours=24), interval="1d")
    assert missing_klines(quotes) == ()
    gaps = missing_klines(quotes, (utc("2024-03-01 00:00"), utc("2024-03-05 00:00")))
    assert [(gap.start.day, gap.end.day, gap.missing) for gap in gaps] == [(29, 2, 2), (3, 5, 2)]


def test_bad_klines_are_no_holes(kline: Kline) -> None:
    quotes = parsed(*(kline(utc(f"2024-03-01 0{hour}:00"), "NaN") for hour in range(3)))
    assert missing_klines(quotes) == ()
