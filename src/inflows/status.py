"""What has been read, in a few rows: a summary of the raw store's coverage."""

from __future__ import annotations

import polars as pl


def summary(coverage: pl.DataFrame) -> pl.DataFrame:
    """One row a chain and dataset: first and last day, days with rows and without, rows, quarantine.

    coverage: what raw.store.coverage makes. days_with_blocks is null where no blocks are known.
    """
    return (
        coverage.lazy()
        .group_by("chain", "dataset")
        .agg(
            first_day=pl.col("date").min(),
            last_day=pl.col("date").max(),
            days=pl.col("date").n_unique(),
            rows=pl.col("rows").sum(),
            first_block=pl.col("first_block").min(),
            last_block=pl.col("last_block").max(),
            days_with_blocks=pl.when(pl.col("blocks").count() > 0).then((pl.col("blocks") > 0).sum()),
            quarantined=pl.col("quarantined").fill_null(0).sum(),
        )
        .with_columns(
            days_missing=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1 - pl.col("days")
        )
        .sort("chain", "dataset")
        .collect()
    )
