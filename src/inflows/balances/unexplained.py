"""What may explain that a balance changed by more or less than its transfers: said, not guessed away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import polars as pl

from inflows.contracts.raw import WHOLE_KINDS

_BEACON_CHAINS: Final = ("ethereum", "gnosis")


@dataclass(frozen=True)
class Read:
    """What was read of a chain in a window: days, and on how many of them something was not."""

    days: int
    missing_days: int
    missing_blocks: int
    lacks: dict[str, int]
    """By flag of the blocks: days of which some block lacks it, or of which no block is known."""
    only_labelled: int
    quarantined: int


@dataclass(frozen=True)
class Unexplained:
    """A remainder, and what is known of the group that it belongs to."""

    chain: str
    is_utxo: bool
    asset_kind: str
    """As in the registry of assets; empty for assets that are not listed."""
    contract: str
    remainder: int
    native_wrapped: int
    approximate: int
    wallets_partly_labelled: int
    wallets_told_differently: int
    read: Read


def read_between(coverage: pl.DataFrame, gaps: pl.DataFrame, chain: str, window: Mapping[str, Any]) -> Read:
    """What was read of a chain in a window: from_time, to_time, and from_block, to_block where known.

    coverage, gaps: what inflows.raw's coverage and block_gaps give.
    """
    first = window["from_time"].date()
    last = max(first, (window["to_time"] - dt.timedelta(microseconds=1)).date())
    of_chain = pl.col("chain") == chain
    rows = coverage.filter(of_chain, pl.col("date").is_between(first, last))
    by_day = rows.group_by("date").agg(
        *(pl.col(flag).all(ignore_nulls=False).fill_null(False) for flag in WHOLE_KINDS),
        pl.col("only_labelled").any(),
        pl.col("quarantined").sum(),
        pl.col("blocks").is_not_null().all(),
        pl.col("first_block").min(),
        pl.col("last_block").max(),
    )
    lowest = cast("int | None", by_day["first_block"].min())
    highest = cast("int | None", by_day["last_block"].max())
    before, after = window["from_block"], window["to_block"]
    missing = 0
    if lowest is not None and highest is not None and by_day["blocks"].all():
        missing += 0 if before is None else max(0, lowest - before - 1)
        missing += 0 if after is None else max(0, after - highest)
    days = (last - first).days + 1
    inside = gaps.filter(
        of_chain,
        pl.col("first_missing") <= (-1 if highest is None else highest),
        pl.col("last_missing") >= (0 if lowest is None else lowest),
    )
    return Read(
        days=days,
        missing_days=days - by_day.height,
        missing_blocks=missing + int((inside["last_missing"] - inside["first_missing"] + 1).sum()),
        lacks={flag: int((~by_day[flag]).sum()) for flag in WHOLE_KINDS},
        only_labelled=int(by_day["only_labelled"].fill_null(False).sum()),
        quarantined=int(by_day["quarantined"].sum()),
    )


def may_explain(found: Unexplained) -> list[str]:
    """Reasons that apply, each in one clause; the nearest first."""
    read = found.read
    if found.is_utxo:
        reasons = _unread(read, "has_utxo", "transactions")
    elif found.contract:
        reasons = [*_of_token(found), *_unread(read, "has_token", "token transfers")]
    else:
        reasons = _of_native(found)
    several = (
        (read.missing_days, f"{_of(read.missing_days, read.days)} without any data"),
        (read.missing_blocks, f"{read.missing_blocks:,} blocks that were not read"),
        (read.only_labelled, f"{_of(read.only_labelled, read.days)} read for labelled wallets alone"),
        (read.quarantined, f"{read.quarantined:,} rows in quarantine"),
        (found.approximate, f"{found.approximate:,} amounts that came through doubles"),
        (
            found.wallets_told_differently,
            f"{found.wallets_told_differently:,} wallets whose balance sources tell differently",
        ),
        (
            found.wallets_partly_labelled,
            f"labels of {found.wallets_partly_labelled:,} wallets that hold only part of the time",
        ),
    )
    return [*reasons, *(text for number, text in several if number)]


def _of_native(found: Unexplained) -> list[str]:
    reasons = []
    if found.remainder < 0:
        reasons.append("gas fees paid by the exchange's wallets, which are no transfers")
    else:
        reasons.append("rewards of blocks and validators, which are no transfers")
        if found.chain in _BEACON_CHAINS:
            reasons += _unread(found.read, "has_withdrawal", "withdrawals of the beacon chain")
    reasons += _unread(found.read, "has_trace", "internal transfers by contracts")
    return reasons + _unread(found.read, "has_native", "transfers of the native coin")


def _of_token(found: Unexplained) -> list[str]:
    reasons = []
    if found.native_wrapped:
        is_all = found.native_wrapped == found.remainder
        told = "equals the remainder" if is_all else f"net {found.native_wrapped} base units"
        reasons.append(
            f"native coins that these wallets wrapped and unwrapped without a Transfer event ({told})"
        )
        if is_all:
            return reasons
    if found.asset_kind == "wrapped_native" and not found.native_wrapped:
        reasons += _unread(found.read, "has_trace", "wrapping by contracts, as internal transfers,")
    reasons.append(
        "a token that rebases, takes a fee of transfers, or mints and burns without a Transfer event"
    )
    return reasons


def _unread(read: Read, flag: str, what: str) -> list[str]:
    """That something was not read, as far as is known: days without known blocks count too."""
    days = read.lacks[flag]
    return [f"{what} not known to be read on {_of(days, read.days)}"] if days else []


def _of(days: int, all_days: int) -> str:
    return f"{days:,} of {all_days:,} days"
