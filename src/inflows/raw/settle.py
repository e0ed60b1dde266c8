"""Candidates of a pass, settled; and the order of a partition's file. A short cut for what nearly always is.

The short cut gives what the long way gives: rows whose keys are all different are kept as they are.
"""

from __future__ import annotations

import polars as pl

from inflows.raw.order import in_order
from inflows.raw.resolve import KEYS, ORDER, resolve


def settle(dataset: str, candidates: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to keep, and those to quarantine (with the column `reason`)."""
    frame = candidates.collect(engine="in-memory")
    if dataset != "utxo" and _all_different(frame, KEYS[dataset]):
        refused = frame.clear().with_columns(pl.lit(None, dtype=pl.String).alias("reason"))
        return frame, refused
    kept, conflicting = resolve(dataset, frame.lazy())
    # In memory: the streaming engine of Polars 2.1 dies of a panic in plans that branch as this one does.
    found = pl.collect_all([kept, conflicting], engine="in-memory")
    return found[0], found[1]


def in_file_order(dataset: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of a partition's file."""
    order = ORDER[dataset]
    return in_order(rows, order) if order[:2] == ("block_number", "position") else rows.sort(order)


def _all_different(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether no two rows have one key; told by a hash of it, so a collision only costs time."""
    hashed = pl.sum_horizontal(
        pl.col(name).hash(seed) * pl.lit(2 * seed + 1, dtype=pl.UInt64) for seed, name in enumerate(key)
    )
    return bool(rows.select(hashed.n_unique()).item() == rows.height)
