"""What may explain a remainder: only what applies, from what is known to have been read."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from inflows.balances.unexplained import Read, Unexplained, may_explain, read_between

DAY = dt.date(2024, 3, 1)
FLAGS = ("has_token", "has_native", "has_trace", "has_withdrawal", "has_utxo")
TOKEN_ITSELF = "a token that rebases, takes a fee of transfers, or mints and burns without a Transfer event"
ALL_READ = Read(3, 0, 0, dict.fromkeys(FLAGS, 0), 0, 0)
NATIVE = Unexplained("ethereum", False, "native", "", -5, 0, 0, 0, 0, ALL_READ)
TOKEN = replace(NATIVE, asset_kind="stablecoin", contract="0x" + "ab" * 20)


def coverage(*days: dict[str, Any]) -> pl.DataFrame:
    """Days in turn, wholly read, with changes."""
    return pl.DataFrame(
        [
            {"chain": "ethereum", "date": DAY + dt.timedelta(days=n), "blocks": 10,
             "first_block": 100 + 10 * n, "last_block": 109 + 10 * n,
             **dict.fromkeys(FLAGS, True), "only_labelled": False, "quarantined": 0} | changes
            for n, changes in enumerate(days)
        ]
    )  # fmt: skip


def gaps(*runs: tuple[int, int]) -> pl.DataFrame:
    schema = {"chain": pl.String, "first_missing": pl.Int64, "last_missing": pl.Int64}
    return pl.DataFrame([("ethereum", *run) for run in runs], schema=schema, orient="row")


def window(first: int, last: int, **changes: Any) -> dict[str, Any]:
    """From noon of a day to noon of another, by time."""
    noon = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
    times = {"from_time": noon + dt.timedelta(days=first), "to_time": noon + dt.timedelta(days=last)}
    return times | {"from_block": None, "to_block": None} | changes


def test_days_that_lack_something_are_counted_within_the_window_alone() -> None:
    days = coverage({"has_trace": False}, {"has_trace": None}, {}, {"quarantined": 7, "only_labelled": True})
    read = read_between(days, gaps(), "ethereum", window(0, 2))
    assert (read.days, read.missing_days, read.only_labelled, read.quarantined) == (3, 0, 0, 0)
    assert read.lacks == dict.fromkeys(FLAGS, 0) | {"has_trace": 2}
    later = read_between(days, gaps(), "ethereum", window(2, 5))
    assert (later.days, later.missing_days, later.only_labelled, later.quarantined) == (4, 2, 1, 7)


def test_a_window_that_ends_at_midnight_asks_nothing_of_the_day_that_begins_there() -> None:
    midnight = dt.datetime(2024, 3, 3, tzinfo=dt.UTC)
    read = read_between(coverage({}, {}), gaps(), "ethereum", window(0, 1, to_time=midnight))
    assert (read.days, read.missing_days) == (2, 0)


def test_missing_blocks_are_those_between_the_known_ones_and_at_both_ends() -> None:
    days = coverage({}, {}, {})
    assert read_between(days, gaps((105, 106), (500, 600)), "ethereum", window(0, 2)).missing_blocks == 2
    whole = window(0, 2, from_block=99, to_block=129)
    assert read_between(days, gaps(), "ethereum", whole).missing_blocks == 0
    wider = window(0, 2, from_block=95, to_block=131)
    assert read_between(days, gaps(), "ethereum", wider).missing_blocks == 4 + 2
    unknown = coverage({"blocks": None}, {}, {})
    assert read_between(unknown, gaps(), "ethereum", wider).missing_blocks == 0


def test_a_chain_of_which_nothing_was_read_lacks_every_day() -> None:
    read = read_between(coverage({}), gaps(), "bsc", window(0, 1, from_block=5, to_block=9))
    assert (read.days, read.missing_days, read.missing_blocks) == (2, 2, 0)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (NATIVE, ["gas fees paid by the exchange's wallets, which are no transfers"]),
        (replace(NATIVE, remainder=5), ["rewards of blocks and validators, which are no transfers"]),
        (TOKEN, [TOKEN_ITSELF]),
        (replace(NATIVE, is_utxo=True), []),
        (replace(TOKEN, approximate=2, wallets_told_differently=1, wallets_partly_labelled=3), [
            TOKEN_ITSELF,
            "2 amounts that came through doubles",
            "1 wallets whose balance sources tell differently",
            "labels of 3 wallets that hold only part of the time",
        ]),
    ],
)  # fmt: skip
def test_where_all_was_read_only_what_is_no_transfer_is_named(found, says) -> None:
    assert may_explain(found) == says


def test_what_was_not_read_is_named_for_the_assets_that_it_can_move() -> None:
    nothing = replace(
        ALL_READ, lacks=dict.fromkeys(FLAGS, 3), missing_days=1, missing_blocks=9, quarantined=4
    )
    native = may_explain(replace(NATIVE, remainder=5, read=nothing))
    assert "withdrawals of the beacon chain not known to be read on 3 of 3 days" in native
    assert "internal transfers by contracts not known to be read on 3 of 3 days" in native
    assert "transfers of the native coin not known to be read on 3 of 3 days" in native
    assert native[-3:] == [
        "1 of 3 days without any data",
        "9 blocks that were not read",
        "4 rows in quarantine",
    ]
    assert not [text for text in may_explain(replace(NATIVE, read=nothing)) if "beacon" in text]
    assert not [
        text
        for text in may_explain(replace(NATIVE, remainder=5, chain="bsc", read=nothing))
        if "beacon" in text
    ]
    token = may_explain(replace(TOKEN, read=nothing))
    assert "token transfers not known to be read on 3 of 3 days" in token
    assert not [text for text in token if "internal" in text or "native" in text]
    utxo = may_explain(replace(NATIVE, is_utxo=True, read=nothing))
    assert utxo[0] == "transactions not known to be read on 3 of 3 days"


def test_what_was_wrapped_is_told_whether_or_not_it_is_all_of_the_remainder() -> None:
    wrapped = replace(TOKEN, asset_kind="wrapped_native", remainder=9)
    assert may_explain(replace(wrapped, native_wrapped=9))[0].endswith("(equals the remainder)")
    assert len(may_explain(replace(wrapped, native_wrapped=9))) == 1
    part = may_explain(replace(wrapped, native_wrapped=4))
    assert part[0].endswith("(net 4 base units)")
    assert part[1].startswith("a token that rebases")
    no_traces = replace(ALL_READ, lacks=dict.fromkeys(FLAGS, 3))
    assert may_explain(replace(wrapped, read=no_traces))[0] == (
        "wrapping by contracts, as internal transfers, not known to be read on 3 of 3 days"
    )
