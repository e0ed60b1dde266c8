"""What the raw store holds of each day by source and kind, so that it shows where each number comes from."""

from __future__ import annotations

import polars as pl

from inflows.layout import Layout
from inflows.raw.merge import read
from inflows.raw.partial_days import is_limited, read_labelled_sets
from inflows.raw.partitions import list_partitions

_ONLY_LABELLED = {"chain": pl.String(), "date": pl.Date(), "source": pl.String(), "kind": pl.String()}


def coverage_by_source(layout: Layout) -> pl.DataFrame:
    """One row a chain, UTC day, dataset, kind and source, sorted.

    Columns: chain, date, dataset, kind (of transfers: token, native, trace, withdrawal; of UTXO entries: in,
    out), source, rows, approximate (rows whose amount came through a double), first_block, last_block,
    only_labelled (whether only the transfers of labelled wallets were kept of these).
    """
    kinds = {"transfers": "kind", "utxo": "side"}
    found = [
        read([path for _, _, path in list_partitions(layout, dataset)], dataset)
        .group_by("chain", pl.col("block_time").dt.date().alias("date"), pl.col(kind).alias("kind"), "source")
        .agg(
            pl.lit(dataset).alias("dataset"),
            pl.len().cast(pl.Int64).alias("rows"),
            (~pl.col("exact")).sum().cast(pl.Int64).alias("approximate"),
            pl.col("block_number").min().alias("first_block"),
            pl.col("block_number").max().alias("last_block"),
        )
        .collect(engine="streaming")
        for dataset, kind in kinds.items()
    ]
    columns = ("chain", "date", "dataset", "kind", "source")
    return (
        pl.concat(found)
        .join(_only_labelled(layout), on=["chain", "date", "kind", "source"], how="left", validate="m:1")
        .with_columns(pl.col("only_labelled").fill_null(False))
        .select(*columns, "rows", "approximate", "first_block", "last_block", "only_labelled")
        .sort(columns)
    )


def labelled_only_days(layout: Layout) -> pl.DataFrame:
    """chain, date and only_labelled (true) of the days that hold the transfers of labelled wallets alone."""
    rows = [(chain, date) for chain, date, path in list_partitions(layout, "transfers") if is_limited(path)]
    schema = {"chain": pl.String(), "date": pl.Date()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.lit(True).alias("only_labelled"))


def _only_labelled(layout: Layout) -> pl.DataFrame:
    rows = [
        (chain, date, *pair.split(" "))
        for chain, date, path in list_partitions(layout, "transfers")
        for pair in read_labelled_sets(path)
    ]
    return pl.DataFrame(rows, schema=_ONLY_LABELLED, orient="row").with_columns(
        pl.lit(True).alias("only_labelled")
    )
