"""What the raw store covers: rows, blocks and quarantine by chain and day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from inflows.chains import FAMILY
from inflows.contracts.raw import WHOLE_KINDS
from inflows.layout import Layout
from inflows.raw.by_source import labelled_only_days
from inflows.raw.claims import claims
from inflows.raw.merge import read
from inflows.raw.partitions import list_partitions, list_quarantine

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
    quarantine of that chain and day), claimed_by (sources that say that they hold the day; null: none). And
    what period_coverage judges the day by: unbroken (its blocks are known without a hole, from the one before
    the first to the one after the last, and something of each was read), filtered_sets (the sets of labelled
    wallets for which alone some of them were read: digests with commas, of different blocks with semicolons;
    empty: none), claimed_whole (a source says that it holds all of the day), claimed_sets (the sets for which
    others say so). A day of which only blocks or claims are known has a row with `rows` 0; one of which only
    heads of blocks are known, of which nothing was read, has none.
    """
    said = claims(layout)
    something = pl.any_horizontal(*WHOLE_KINDS, "has_labelled")
    filtered = pl.col("labelled_set").filter(pl.col("has_labelled") & ~pl.col("has_token"))
    blocks = (
        read([path for _, _, path in list_partitions(layout, "blocks")], "blocks")
        .group_by("chain", pl.col("block_time").dt.date().alias("date"))
        .agg(
            pl.len().cast(pl.Int64).alias("blocks"),
            pl.col("block_number").min().alias("_first"),
            pl.col("block_number").max().alias("_last"),
            *(pl.col(flag).all() for flag in WHOLE_KINDS),
            (pl.col("has_labelled") & ~pl.col("has_token")).any().alias("only_labelled"),
            something.all().alias("_read"),
            filtered.unique().sort().str.join(";").alias("filtered_sets"),
            something.any().alias("_any"),
        )
        .filter("_any")
        .collect(engine="streaming")
    )
    blocks = blocks.with_columns(_unbroken(blocks, known_runs(layout)))
    rows = pl.concat([_rows(layout, dataset) for dataset in ("transfers", "utxo")])
    held = pl.concat([_quarantined(layout, dataset) for dataset in ("transfers", "utxo", "blocks")])
    known = pl.concat([blocks.select(_DAY), held.select(_DAY), said.select(_DAY)]).unique()
    return (
        pl.concat([rows, _without_rows(known, rows)])
        .join(blocks, on=_DAY, how="left", validate="m:1", nulls_equal=True)
        .join(_for_dataset(held), on=[*_DAY, "dataset"], how="left", validate="1:1", nulls_equal=True)
        .join(
            labelled_only_days(layout).rename({"only_labelled": "_labelled_only"}),
            on=_DAY,
            how="left",
            validate="m:1",
        )
        .join(_by_day(said), on=_DAY, how="left", validate="m:1")
        .with_columns(
            pl.when("_labelled_only").then(True).otherwise("only_labelled").alias("only_labelled"),
            pl.col("unbroken", "claimed_whole").fill_null(False),
            pl.col("filtered_sets", "claimed_sets").fill_null(""),
        )
        .select(
            *_DAY,
            "dataset",
            "rows",
            pl.min_horizontal("first_block", "_first").alias("first_block"),
            pl.max_horizontal("last_block", "_last").alias("last_block"),
            "blocks",
            *WHOLE_KINDS,
            "only_labelled",
            pl.col("quarantined").fill_null(0),
            "claimed_by",
            "unbroken",
            "filtered_sets",
            "claimed_whole",
            "claimed_sets",
        )
        .sort(*_DAY, "dataset", nulls_last=True)
    )


def known_runs(layout: Layout) -> dict[str, list[tuple[int, int]]]:
    """First and last of the runs of blocks that are known of each chain, in order.

    Where a day's file has as many rows as numbers from its first to its last, its footer tells the run.
    """
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for chain, _, path in list_partitions(layout, "blocks"):
        rows, first, last = _footer(path)
        if rows == last - first + 1:
            found[chain].append((first, last))
        elif rows:
            numbers = read([path], "blocks").select("block_number").collect().to_series().unique().sort()
            ends = numbers.filter(numbers.diff(-1).fill_null(0) != -1)
            starts = numbers.filter(numbers.diff().fill_null(0) != 1)
            found[chain] += zip(starts, ends, strict=True)
    return {chain: _joined(runs) for chain, runs in found.items()}


def block_gaps(layout: Layout) -> pl.DataFrame:
    """The runs of blocks that are missing between the first and the last known one of a chain, sorted.

    Columns: chain, first_missing, last_missing (block numbers, both missing).
    """
    gaps = [
        (chain, before[1] + 1, after[0] - 1)
        for chain, runs in sorted(known_runs(layout).items())
        for before, after in pairwise(runs)
    ]
    schema = {"chain": pl.String(), "first_missing": pl.Int64(), "last_missing": pl.Int64()}
    return pl.DataFrame(gaps, schema=schema, orient="row")


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs that touch or overlap (days of a chain whose clock goes back) as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _unbroken(blocks: pl.DataFrame, runs: dict[str, list[tuple[int, int]]]) -> pl.Series:
    """Whether each day's blocks and their neighbours on both sides are known, and all of the day were read.

    What lies before a chain's block 0 is known to be nothing.
    """
    found = []
    for chain, first, last, was_read in blocks.select("chain", "_first", "_last", "_read").iter_rows():
        of_chain = runs[chain]
        start, end = of_chain[bisect_right(of_chain, (first, float("inf"))) - 1]
        found.append(was_read and end > last and (start < first or first == 0))
    return pl.Series("unbroken", found, dtype=pl.Boolean)


def _by_day(said: pl.DataFrame) -> pl.DataFrame:
    """Claims by chain and day: by whom, whether of everything, and for which sets of wallets."""
    sets = pl.col("labelled_set")
    return said.group_by(_DAY).agg(
        pl.col("source").unique().sort().str.join("; ").alias("claimed_by"),
        (sets == "").any().alias("claimed_whole"),
        sets.filter(sets != "").unique().sort().str.join(",").alias("claimed_sets"),
    )


def _rows(layout: Layout, dataset: str) -> pl.DataFrame:
    """Rows, first and last block of each partition, as the footers of the files tell them."""
    found = [(chain, date, dataset, *_footer(path)) for chain, date, path in list_partitions(layout, dataset)]
    return pl.DataFrame([row for row in found if row[3]], schema=_ROWS, orient="row")


def _footer(path: Path) -> tuple[int, int, int]:
    """How many rows a partition has, its first and its last block; three times 0 of nothing."""
    footer = pq.read_metadata(path)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    numbers = [_statistics(group, "block_number") for group in groups if group.num_rows]
    if not numbers:
        return 0, 0, 0
    return footer.num_rows, min(least for least, _ in numbers), max(most for _, most in numbers)


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
