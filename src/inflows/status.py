"""What has been read, in a few rows: a summary of the raw store's coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import polars as pl

from inflows.periods import period_of
from inflows.stages.period_coverage import partial_periods, period_coverage

GAPS_SHOWN: Final = 5
"""More missing runs of blocks than these are counted, and not named."""


def summary(coverage: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """One row a chain and dataset: first and last day, days with rows and without, rows, quarantine, gaps.

    coverage, gaps: what period_coverage.classified_days and block_gaps make. days_only_labelled (days of
    which only the transfers of labelled wallets were read) is null where nothing tells. days_with_blocks,
    missing_blocks and gaps (`100-199, 300-300`) are null where no blocks are known; a gap lies between known
    blocks.
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
            days_only_labelled=pl.when(pl.col("only_labelled").count() > 0).then(
                pl.col("only_labelled").sum()
            ),
            quarantined=pl.col("quarantined").fill_null(0).sum(),
            days_proven=(pl.col("coverage") == "proven").sum(),
            days_claimed=(pl.col("coverage") == "claimed").sum(),
            days_to_read_again=pl.col("read_again").sum(),
        )
        .with_columns(
            days_missing=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1 - pl.col("days")
        )
        .join(_by_chain(gaps), on="chain", how="left", validate="m:1")
        .with_columns(
            pl.when(pl.col("days_with_blocks").is_not_null())
            .then(pl.col(name).fill_null(nothing))
            .alias(name)
            for name, nothing in (("missing_blocks", 0), ("gaps", ""))
        )
        .sort("chain", "dataset")
        .collect()
    )


def _by_chain(gaps: pl.DataFrame) -> pl.LazyFrame:
    """Missing blocks of each chain, counted, and the first runs of them in words."""
    run = pl.concat_str(pl.col("first_missing"), pl.lit("-"), pl.col("last_missing"))
    more = (
        pl.when(pl.len() > GAPS_SHOWN)
        .then(pl.format(", and {} more", pl.len() - GAPS_SHOWN))
        .otherwise(pl.lit(""))
    )
    return (
        gaps.lazy()
        .group_by("chain", maintain_order=True)
        .agg(
            missing_blocks=(pl.col("last_missing") - pl.col("first_missing") + 1).sum(),
            gaps=pl.concat_str(run.head(GAPS_SHOWN).str.join(", "), more),
        )
    )


def partial_halves(coverage: pl.DataFrame, as_of: dt.datetime, chains: Sequence[str] = ()) -> dict[str, str]:
    """The half-years of which anything was read, and not all: how much is held of each, in words."""
    halves = coverage.select(period_of(pl.col("date"))).drop_nulls().to_series().unique().sort()
    return partial_periods(period_coverage(halves, coverage, as_of, chains).collect())


def by_source(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a chain, dataset, kind and source: days with rows, and days without between them.

    rows: what raw.by_source.coverage_by_source makes. Columns: chain, dataset, kind, source, first_day,
    last_day, days, days_missing, days_only_labelled, rows, approximate (rows whose amount came through a
    double), first_block, last_block.
    """
    return (
        rows.lazy()
        .group_by("chain", "dataset", "kind", "source")
        .agg(
            first_day=pl.col("date").min(),
            last_day=pl.col("date").max(),
            days=pl.col("date").n_unique(),
            days_only_labelled=pl.col("only_labelled").sum(),
            rows=pl.col("rows").sum(),
            approximate=pl.col("approximate").sum(),
            first_block=pl.col("first_block").min(),
            last_block=pl.col("last_block").max(),
        )
        .with_columns(
            days_missing=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1 - pl.col("days")
        )
        .sort("chain", "dataset", "kind", "source")
        .collect()
    )
