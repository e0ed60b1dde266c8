"""Blocks by time: the first block at or after an instant.

The Portal has an endpoint for it, which on some chains answers too early. So its answer is a hint, and the
times of blocks themselves decide.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.errors import Inconsistent, UsageError, WorkError
from inflows.sources.sqd.portal import Portal
from inflows.sources.sqd.query import headers_query
from inflows.sources.sqd.reading import read_range

_AROUND: Final = 4
UNORDERED: Final = dt.timedelta(hours=3)
"""Bitcoin's times may run backwards: two hours against the clock, and to the median of eleven blocks."""


@dataclass(frozen=True)
class Bounds:
    """Blocks `first` to `last`, among which are all with since ≤ time < until."""

    first: int
    last: int
    since: dt.datetime
    until: dt.datetime


def bounds(portal: Portal, since: dt.datetime, until: dt.datetime) -> Bounds:
    """The blocks between two instants, all of them final; else UsageError or WorkError, with the reason."""
    chain = portal.dataset.chain
    if since >= until:
        raise UsageError(
            "The range is reversed: --from-date is not before --to-date.", "Give the earlier first."
        )
    margin = UNORDERED if portal.dataset.is_utxo else dt.timedelta(0)
    start, head = portal.start_block(), portal.finalized_head()
    if head < start:
        raise WorkError(
            f"{portal.endpoint} has no final block of {portal.dataset.name} yet.", "Try again later."
        )
    begun = _time(portal, start)
    if since < begun:
        raise UsageError(
            f"The dataset {portal.dataset.name} begins with block {start:,} on "
            f"{begun:%Y-%m-%d %H:%M:%S} UTC.",
            f"Give a --from-date from {_next_day(begun):%Y-%m-%d} on.",
        )
    newest = _time(portal, head)
    if newest < until + margin:
        raise WorkError(
            f"The blocks of {chain} up to {until:%Y-%m-%d %H:%M} UTC are not there or not final yet: the "
            f"last final one that {portal.endpoint} has is {head:,}, of {newest:%Y-%m-%d %H:%M:%S} UTC.",
            "Give an earlier --to-date, or start this again later. Nothing was stored.",
        )
    first = first_block_at(portal, since - margin, start, head)
    last = first_block_at(portal, until + margin, first, head) - 1
    if last < first:
        raise UsageError("There is no block between the two dates.", "Give dates further apart.")
    return Bounds(first, last, since, until)


def first_block_at(portal: Portal, instant: dt.datetime, low: int, high: int) -> int:
    """The first block from `low` on whose time is not before `instant`; `high` is one of them."""
    wanted = int(instant.timestamp())
    hint = portal.block_near(wanted)
    if hint is not None and low <= hint <= high:
        around = _times(portal, max(low, hint - _AROUND), min(high, hint + _AROUND))
        before = [number for number, time in around.items() if time < wanted]
        after = [number for number, time in around.items() if time >= wanted]
        if before:
            low = max(low, max(before) + 1)
        if after and min(after) >= low:
            high = min(after)
    while low < high:
        middle = (low + high) // 2
        if _times(portal, middle, middle)[middle] >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _time(portal: Portal, number: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(_times(portal, number, number)[number], dt.UTC)


def _times(portal: Portal, first: int, last: int) -> dict[int, int]:
    """The times of blocks, in seconds since 1970."""
    query = headers_query(portal.dataset.kind)
    parts = [tables["blocks"] for tables in read_range(portal, query, first, last, Counter())]
    found = pl.concat(parts).select("block_number", "timestamp").unique().sort("block_number")
    if found["block_number"].to_list() != list(range(first, last + 1)):
        raise Inconsistent(
            f"{portal.endpoint} leaves headers of {portal.dataset.name} out.", "Try again later."
        )
    return dict(found.iter_rows())


def _next_day(instant: dt.datetime) -> dt.date:
    return instant.date() + dt.timedelta(days=1)
