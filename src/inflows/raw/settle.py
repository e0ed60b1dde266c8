"""Candidates of a pass, settled and in the order of the store; short cuts for what nearly always is.

Both short cuts give what the long way gives: rows whose keys are all different are kept as they are, and an
order that two whole numbers decide needs no look at texts.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.raw.resolve import KEYS, ORDER, resolve

_LOW_BITS: Final = 31
"""Numbers of blocks and positions below 2^31 make one of 62 bits together."""


def settle(dataset: str, candidates: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to keep in their order, and those to quarantine (with the column `reason`)."""
    frame = candidates.collect(engine="in-memory")
    if dataset != "utxo" and _all_different(frame, KEYS[dataset]):
        refused = frame.clear().with_columns(pl.lit(None, dtype=pl.String).alias("reason"))
        return in_order(dataset, frame), refused
    kept, conflicting = resolve(dataset, frame.lazy())
    # In memory: the streaming engine of Polars 2.1 dies of a panic in plans that branch as this one does.
    found = pl.collect_all([kept, conflicting], engine="in-memory")
    return in_order(dataset, found[0]), found[1]


def in_order(dataset: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of a partition's file."""
    order = ORDER[dataset]
    if order[:2] != ("block_number", "position") or rows.is_empty():
        return rows.sort(order)
    first, second = rows["block_number"], rows["position"]
    if not all(column.min() >= 0 and column.max() < 2**_LOW_BITS for column in (first, second)):  # type: ignore[operator]
        return rows.sort(order)
    together = first * 2**_LOW_BITS + second
    places = together.arg_sort()
    sorted_together = together.gather(places)
    if (sorted_together.diff().drop_nulls() == 0).any():
        return rows.sort(order)
    return rows if sorted_together.equals(together) else rows[places]


def _all_different(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether no two rows have one key; told by a hash of it, so a collision only costs time."""
    hashed = pl.sum_horizontal(
        pl.col(name).hash(seed) * pl.lit(2 * seed + 1, dtype=pl.UInt64) for seed, name in enumerate(key)
    )
    return not rows.select(hashed.is_duplicated().any()).item()
