"""Flows as the warehouse holds them, their daily sums, and what was found on the way."""

from __future__ import annotations

import polars as pl

from inflows.contracts.flows import DailyFacts, Findings, Flows
from inflows.contracts.names import LEVELS, SIZE_BANDS
from inflows.contracts.schema import conform, dtypes

EXCLUDED = ("above_max_supply",)
"""Findings that set a transfer aside altogether; under the others it counts, without a value."""


def believed(classified: pl.LazyFrame) -> pl.LazyFrame:
    """The classified transfers without those that are set aside."""
    return classified.filter(~pl.col("finding").is_in(EXCLUDED) | pl.col("finding").is_null())


def flows(classified: pl.LazyFrame) -> pl.LazyFrame:
    """One row per flow (contract Flows): the type at level base, the exchanges those of level all."""
    return (
        classified.pipe(believed)
        .with_columns(
            from_exchange=pl.col("from_exchange_all"),
            to_exchange=pl.col("to_exchange_all"),
            from_confidence=pl.when(pl.col("from_exchange_all").is_not_null()).then("from_confidence_all"),
            to_confidence=pl.when(pl.col("to_exchange_all").is_not_null()).then("to_confidence_all"),
            flow_type=pl.col("flow_type_base"),
        )
        .pipe(conform, Flows)
    )


def size_band(usd: pl.Expr) -> pl.Expr:
    """The band of names.SIZE_BANDS that a value is in; lower bounds are included, null stays null."""
    (smallest, _), *larger = SIZE_BANDS.items()
    band: pl.Expr = pl.when(usd.is_not_null()).then(pl.lit(smallest))
    for name, begins in larger:
        band = pl.when(usd >= begins).then(pl.lit(name)).otherwise(band)
    return band


def daily_facts(classified: pl.LazyFrame) -> pl.LazyFrame:
    """Sums by day, asset, exchanges, flow type and size, a full set for each level (contract DailyFacts)."""
    rows = classified.pipe(believed).with_columns(
        date=pl.col("block_time").dt.date(), size_band=size_band(pl.col("usd"))
    )
    return pl.concat([_daily(rows, level) for level in LEVELS]).pipe(conform, DailyFacts)


def _daily(rows: pl.LazyFrame, level: str) -> pl.LazyFrame:
    keys = {
        **{name: pl.col(name) for name in ("date", "chain", "contract", "symbol")},
        "from_exchange": pl.col(f"from_exchange_{level}"),
        "to_exchange": pl.col(f"to_exchange_{level}"),
        "flow_type": pl.col(f"flow_type_{level}"),
        "size_band": pl.col("size_band"),
    }
    return (
        rows.filter(pl.col(f"flow_type_{level}").is_not_null())
        .select(**keys, amount="amount", usd="usd")
        .group_by(list(keys))
        .agg(
            transfers=pl.len(),
            priced_transfers=pl.col("usd").count(),
            # A sum of nothing is null for coins (the asset has no unit here) and 0 for dollars.
            amount=pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()),
            usd=pl.col("usd").sum(),
        )
        .with_columns(level=pl.lit(level))
    )


def findings(classified: pl.LazyFrame) -> pl.LazyFrame:
    """The flows that are not valued as they stand: contract Findings (detail: tx_hash), and their date."""
    return (
        classified.filter(pl.col("finding").is_not_null())
        .group_by("finding", "chain", "contract", detail="tx_hash", date=pl.col("block_time").dt.date())
        .agg(transfers=pl.len().cast(pl.Int64))
        .select("date", *dtypes(Findings))
        .sort(pl.all())
    )


def without_price(daily: pl.LazyFrame) -> pl.LazyFrame:
    """Listed assets of which flows have no price, counted at level all (contract Findings)."""
    unpriced = pl.col("transfers") - pl.col("priced_transfers")
    return (
        daily.filter(pl.col("level") == "all", pl.col("symbol").is_not_null(), unpriced > 0)
        .group_by("chain", "contract", detail="symbol")
        .agg(transfers=unpriced.sum())
        .with_columns(finding=pl.lit("without_price"))
        .pipe(conform, Findings)
        .sort("chain", "contract")
    )
