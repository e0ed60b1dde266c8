"""How much of each period was read: the share of its days with data, and whether it is only a part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from inflows.periods import bounds


def period_coverage(periods: Iterable[str], coverage: pl.DataFrame, as_of: dt.datetime) -> pl.LazyFrame:
    """Columns period, coverage_share (null: the blocks of a chain are unknown), partial; one row a period.

    coverage: columns chain, date, dataset, rows, blocks, only_labelled, as raw.store.coverage makes it. The
    share is the mean over the chains that have transfers of (days of the period with known blocks / days of
    the period). A period is partial while it is not over at as_of, where days are known to be missing, or
    where of some day only the transfers of labelled wallets were read: such a day has data, and not all.
    """
    chains = coverage.filter(pl.col("dataset") == "transfers", pl.col("rows") > 0)["chain"].unique().sort()
    read_days = coverage.filter(pl.col("blocks").fill_null(0) > 0)
    days = read_days.select("chain", "date").unique()
    known = set(days["chain"].unique())
    labelled_alone = coverage.filter(pl.col("only_labelled").fill_null(False))["date"]
    rows = []
    for period in periods:
        start, end = bounds(period)
        read = days.filter(
            pl.col("chain").is_in(chains.implode()), pl.col("date").is_between(start, end, closed="left")
        )
        share = (
            read.height / ((end - start).days * len(chains))
            if known.issuperset(chains) and len(chains)
            else None
        )
        over = dt.datetime.combine(end, dt.time(), dt.UTC) <= as_of
        incomplete = (share is not None and share < 1) or bool(
            labelled_alone.is_between(start, end, closed="left").any()
        )
        rows.append((period, share, not over or incomplete))
    return pl.LazyFrame(
        rows, schema={"period": pl.String, "coverage_share": pl.Float64, "partial": pl.Boolean}, orient="row"
    )
