"""Rows that lie on two days at once, because two sources give one block different times.

Partitions are judged each by itself, so a key that is delivered once before and once after midnight is stored
twice. Nothing in the rows says which time is right: the user is told, and finds the source that is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from inflows.layout import Layout
from inflows.raw.resolve import KEYS


def on_two_days(layout: Layout, dataset: str, touched: Iterable[tuple[str, str]]) -> list[str]:
    """One sentence for each pair of neighbouring days that share keys of a dataset, sorted."""
    pairs = set()
    for chain, date in touched:
        if date != "unknown":
            day = dt.date.fromisoformat(date)
            pairs.add((chain, day))
            if day > dt.date.min:
                pairs.add((chain, day - dt.timedelta(days=1)))
    found = []
    blocks = cache(_blocks)  # each file is the neighbour of two
    for chain, day in sorted(pairs):
        if day == dt.date.max:
            continue
        days = [day.isoformat(), (day + dt.timedelta(days=1)).isoformat()]
        one, two = (layout.raw_partition(dataset, chain, date) for date in days)
        shared = _shared(dataset, one, two, blocks(one), blocks(two))
        if shared:
            found.append(
                f"Keys of {dataset} on {chain} stored both on {days[0]} and on {days[1]}: {shared:,}. Two "
                "sources give their blocks different times: find the wrong one, and ingest the other alone."
            )
    return found


_Range = tuple[int, int] | None


def _shared(dataset: str, one: Path, two: Path, first: _Range, second: _Range) -> int:
    """How many keys two partitions share; their ranges of blocks hardly ever meet, so little is read."""
    if first is None or second is None:
        return 0
    low, high = max(first[0], second[0]), min(first[1], second[1])
    if low > high:
        return 0
    keys = [
        pl.scan_parquet(path, hive_partitioning=False, glob=False)
        .filter(pl.col("block_number").is_between(low, high))
        .select(KEYS[dataset])
        for path in (one, two)
    ]
    count = keys[0].join(keys[1], on=KEYS[dataset], how="semi").select(pl.len())
    return int(count.collect(engine="in-memory").item())


def _blocks(path: Path) -> _Range:
    """The first and the last block of a partition, by the statistics in the file's footer."""
    try:
        footer = pq.read_metadata(path)
    except FileNotFoundError:
        return None
    column = footer.schema.names.index("block_number")
    ranges = [footer.row_group(place).column(column).statistics for place in range(footer.num_row_groups)]
    if not ranges:
        return None
    return min(of.min for of in ranges), max(of.max for of in ranges)
