"""Which blocks a set of files covers: all between the first and the last block that each of them names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl


def ranges(paths: Iterable[Path]) -> pl.Series:
    """First and last block (List of two) of each Parquet file that has a `block_number` (text)."""
    found = []
    for path in paths:
        number = pl.col("block_number").str.strip_chars().cast(pl.Int64, strict=False)
        first, last = (
            pl.scan_parquet(path, glob=False)
            .select(number.min().alias("a"), number.max().alias("b"))
            .collect()
        ).row(0)
        if first is not None:
            found.append([first, last])
    return pl.Series("range", merged(found), dtype=pl.List(pl.Int64))


def merged(found: list[list[int]]) -> list[list[int]]:
    """Ranges that do not overlap, in order, covering the same numbers."""
    result: list[list[int]] = []
    for first, last in sorted(found):
        if result and first <= result[-1][1] + 1:
            result[-1][1] = max(result[-1][1], last)
        else:
            result.append([first, last])
    return result


def within(numbers: pl.Series, covered: pl.Series) -> pl.Series:
    """Whether each number lies in one of the ranges (which are merged)."""
    if covered.is_empty():
        return pl.repeat(False, len(numbers), dtype=pl.Boolean, eager=True)
    starts, ends = covered.list.first(), covered.list.last()
    place = starts.search_sorted(numbers.fill_null(-1), side="right").cast(pl.Int64) - 1
    end_of = ends.gather(place.clip(lower_bound=0))
    return ((place >= 0) & (numbers <= end_of)).fill_null(False)
