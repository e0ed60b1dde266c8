"""What the raw store covers: rows, blocks and quarantine by chain and day."""

from __future__ import annotations

from typing import Final

import polars as pl
import pyarrow.parquet as pq

from inflows.chains import FAMILY
from inflows.layout import Layout
from inflows.raw.merging import read
from inflows.raw.partitions import list_partitions, list_quarantine
from inflows.raw.sources import marked_days

_FLAGS: Final = ("has_token", "has_native", "has_trace", "has_withdrawal", "has_utxo")
_DAY: Final = ["chain", "date"]
_ROWS: Final = {
    "chain": pl.String(),
    "date": pl.Date(),
    "dataset": pl.String(),
    "rows": pl.Int64(),
    "first_block": pl.Int64(),
    "last_block": pl.Int64(),
}


def coverage(layout: Layout) -> pl.DataFrame:
    """One row a chain, UTC day and dataset (`transfers`, `utxo`) of which anything is stored.

    Columns: chain, date (Date; null where quarantined rows do not tell), dataset, rows, first_block and
    last_block (of rows and known blocks together), blocks (how many are known; null if none), has_token,
    has_native, has_trace, has_withdrawal, has_utxo (whether all known blocks of the day have it; null if none
    is known), only_labelled (whether of any known block only the token transfers of labelled wallets were
    read, or files kept these alone; null if no block is known and no file says so), quarantined (rows in
    quarantine of that chain and day). A day of which only blocks are known has a row with `rows` 0.
    """
    blocks = (
        read([path for _, _, path in list_partitions(layout, "blocks")], "blocks")
        .group_by("chain", pl.col("block_time").dt.date().alias("date"))
        .agg(
            pl.len().cast(pl.Int64).alias("blocks"),
            pl.col("block_number").min().alias("_first"),
            pl.col("block_number").max().alias("_last"),
            *(pl.col(flag).all() for flag in _FLAGS),
            (pl.col("has_labelled") & ~pl.col("has_token")).any().alias("only_labelled"),
        )
        .collect(engine="streaming")
    )
    rows = pl.concat([_rows(layout, dataset) for dataset in ("transfers", "utxo")])
    held = pl.concat([_quarantined(layout, dataset) for dataset in ("transfers", "utxo", "blocks")])
    of_blocks_alone = _without_rows(pl.concat([blocks.select(_DAY), held.select(_DAY)]).unique(), rows)
    return (
        pl.concat([rows, of_blocks_alone])
        .join(blocks, on=_DAY, how="left", validate="m:1", nulls_equal=True)
        .join(_for_dataset(held), on=[*_DAY, "dataset"], how="left", validate="1:1", nulls_equal=True)
        .join(marked_days(layout).rename({"only_labelled": "_marked"}), on=_DAY, how="left", validate="m:1")
        .with_columns(pl.when("_marked").then(True).otherwise("only_labelled").alias("only_labelled"))
        .select(
            *_DAY,
            "dataset",
            "rows",
            pl.min_horizontal("first_block", "_first").alias("first_block"),
            pl.max_horizontal("last_block", "_last").alias("last_block"),
            "blocks",
            *_FLAGS,
            "only_labelled",
            pl.col("quarantined").fill_null(0),
        )
        .sort(*_DAY, "dataset", nulls_last=True)
    )


def block_gaps(layout: Layout) -> pl.DataFrame:
    """The runs of blocks that are missing between the first and the last known one of a chain, sorted.

    Columns: chain, first_missing, last_missing (block numbers, both missing).
    """
    number = pl.col("block_number")
    return (
        read([path for _, _, path in list_partitions(layout, "blocks")], "blocks")
        .select("chain", number)
        .sort("chain", "block_number")
        .with_columns(pl.col("block_number").shift(1).over("chain").alias("_before"))
        .filter(number - pl.col("_before") > 1)
        .select("chain", (pl.col("_before") + 1).alias("first_missing"), (number - 1).alias("last_missing"))
        .collect()
    )


def _rows(layout: Layout, dataset: str) -> pl.DataFrame:
    """Rows, first and last block of each partition, as the footers of the files tell them."""
    found = []
    for chain, date, path in list_partitions(layout, dataset):
        footer = pq.read_metadata(path)
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
        numbers = [_statistics(group, "block_number") for group in groups if group.num_rows]
        if numbers:
            first, last = min(least for least, _ in numbers), max(most for _, most in numbers)
            found.append((chain, date, dataset, footer.num_rows, first, last))
    return pl.DataFrame(found, schema=_ROWS, orient="row")


def _statistics(group: pq.RowGroupMetaData, name: str) -> tuple[int, int]:
    """The least and the greatest value of a column, which the raw store writes with every file."""
    column = next(c for n in range(group.num_columns) if (c := group.column(n)).path_in_schema == name)
    return column.statistics.min, column.statistics.max


def _quarantined(layout: Layout, dataset: str) -> pl.DataFrame:
    paths = [path for _, _, path in list_quarantine(layout, dataset)]
    return (
        read(paths, "quarantine")
        .group_by("chain", pl.col("date").str.to_date("%Y-%m-%d", strict=False))
        .agg(pl.lit(dataset).alias("of"), pl.len().cast(pl.Int64).alias("quarantined"))
        .collect(engine="streaming")
    )


def _main_dataset() -> pl.Expr:
    """The dataset that a chain's movements are in, as far as its family tells."""
    utxo = [chain for chain, family in FAMILY.items() if family == "utxo"]
    return pl.when(pl.col("chain").is_in(utxo)).then(pl.lit("utxo")).otherwise(pl.lit("transfers"))


def _for_dataset(held: pl.DataFrame) -> pl.DataFrame:
    """Quarantined blocks count with the movements that are in them."""
    dataset = pl.when(pl.col("of") == "blocks").then(_main_dataset()).otherwise("of")
    return held.group_by(*_DAY, dataset.alias("dataset")).agg(pl.col("quarantined").sum())


def _without_rows(days: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Days of which blocks or quarantined rows are known, and no movements."""
    return (
        days.join(rows, on=_DAY, how="anti", nulls_equal=True)
        .with_columns(
            _main_dataset().alias("dataset"),
            pl.lit(0, dtype=pl.Int64).alias("rows"),
            pl.lit(None, dtype=pl.Int64).alias("first_block"),
            pl.lit(None, dtype=pl.Int64).alias("last_block"),
        )
        .select(rows.columns)
    )
