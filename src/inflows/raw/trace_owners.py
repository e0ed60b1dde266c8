"""Whose traces a chain's day holds, and how they give way to another source's.

Tools number traces differently, so one source owns the traces of a chain and day. Where another one takes
them over, blocks of the day that it has not read have no traces any more, and must not say that they have.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from inflows import files
from inflows.layout import Layout
from inflows.raw.merge import read
from inflows.raw.partitions import list_partitions, remove_partition, sidecar


def foreign_days(layout: Layout, chain: str, source: str) -> frozenset[str]:
    """Days (YYYY-MM-DD) of a chain on which traces of another source are stored."""
    return frozenset(
        date.isoformat()
        for of, date, path in list_partitions(layout, "transfers")
        if of == chain and not read([path], "transfers").filter(_foreign(source)).head(1).collect().is_empty()
    )


def give_up_traces(layout: Layout, chain: str, blocks: pl.DataFrame, *, keep: str) -> set[str]:
    """Take out the traces of other sources than `keep` on the days of these blocks; the days that had some.

    First no block of the day has traces any more, then they are removed: a run that is killed in between
    leaves blocks that are read again.
    """
    days = set(blocks.filter("has_trace")["block_time"].dt.strftime("%Y-%m-%d").unique())
    taken = days & foreign_days(layout, chain, keep)
    for day in sorted(taken):
        forget_trace_flags(layout, chain, day)
        path = layout.raw_partition("transfers", chain, day)
        kept = read([path], "transfers").filter(~_foreign(keep)).collect()
        if kept.is_empty():
            remove_partition(path)
        else:
            sidecar(path).unlink(missing_ok=True)
            files.write_parquet(kept.rechunk(), path)
    return taken


def forget_trace_flags(layout: Layout, chain: str, day: str) -> None:
    """Let no block of a chain's day say that its traces were read."""
    path = layout.raw_partition("blocks", chain, day)
    if not path.exists():
        return
    blocks = read([path], "blocks").collect()
    if blocks["has_trace"].any():
        sidecar(path).unlink(missing_ok=True)
        files.write_parquet(blocks.with_columns(has_trace=pl.lit(False)), path)


def untraced_blocks(layout: Layout, chain: str, days: Collection[str]) -> int:
    """How many of the stored blocks of some days have no traces."""
    paths = [layout.raw_partition("blocks", chain, day) for day in sorted(days)]
    known = read([path for path in paths if path.exists()], "blocks")
    return int(known.select((~pl.col("has_trace")).sum()).collect().item() or 0)


def _foreign(source: str) -> pl.Expr:
    return (pl.col("kind") == "trace") & (pl.col("source") != source)
