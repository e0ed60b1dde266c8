"""Flows as the warehouse holds them, their daily sums, and what was found on the way."""

from __future__ import annotations

import polars as pl

from inflows.contracts.flows import DailyFacts, Findings, Flows
from inflows.contracts.names import LEVELS, SIZE_BANDS
from inflows.contracts.schema import USD, conform, dtypes

_ASSET = ("chain", "contract", "symbol")
_AT_A_LEVEL = ("from_exchange", "to_exchange", "flow_type")

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
    """The band of names.SIZE_BANDS of a value, as an Enum; lower bounds are included, null stays null."""
    bands = pl.Enum(list(SIZE_BANDS))
    (smallest, _), *larger = SIZE_BANDS.items()
    band: pl.Expr = pl.when(usd.is_not_null()).then(pl.lit(smallest, dtype=bands))
    for name, begins in larger:
        band = pl.when(usd >= begins).then(pl.lit(name, dtype=bands)).otherwise(band)
    return band


def daily_facts(classified: pl.LazyFrame) -> pl.LazyFrame:
    """Sums by day, asset, exchanges, flow type and size, a full set for each level (contract DailyFacts).

    Rows are read once and summed by what they are at all levels together; each level is summed from that.
    Sorted by day, asset, exchanges, flow type, level and size; names of a set are in the order of that set.
    """
    together = (
        classified.pipe(believed)
        .group_by(
            *_ASSET,
            *(f"{name}_{level}" for name in _AT_A_LEVEL for level in LEVELS),
            date=pl.col("block_time").dt.date(),
            size_band=size_band(pl.col("usd")),
        )
        .agg(
            transfers=pl.len().cast(pl.Int64),
            priced_transfers=pl.col("usd").count().cast(pl.Int64),
            # A sum of nothing is null for coins (the asset has no unit here) and 0 for dollars.
            amount=pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()),
            usd=pl.col("usd").sum(),
        )
        .cache()
    )
    return (
        pl.concat([_daily(together, level) for level in LEVELS])
        .sort("date", "contract", *_AT_A_LEVEL, "level", "size_band", nulls_last=True)
        .pipe(conform, DailyFacts)
    )


def _daily(together: pl.LazyFrame, level: str) -> pl.LazyFrame:
    here = [pl.col(f"{name}_{level}").alias(name) for name in _AT_A_LEVEL]
    return (
        together.filter(pl.col(f"flow_type_{level}").is_not_null())
        .group_by("date", *_ASSET, "size_band", *here)
        .agg(
            *(pl.col(name).sum() for name in ("transfers", "priced_transfers", "usd")),
            amount=pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()),
        )
        .with_columns(level=pl.lit(level, dtype=pl.Enum(list(LEVELS))))
    )


def findings(classified: pl.LazyFrame) -> pl.LazyFrame:
    """The flows that are not valued as they stand: contract Findings (detail: tx_hash), and their date."""
    return (
        classified.filter(pl.col("finding").is_not_null())
        .group_by("finding", "chain", "contract", detail="tx_hash", date=pl.col("block_time").dt.date())
        .agg(transfers=pl.len().cast(pl.Int64), usd=pl.lit(None, dtype=USD))
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
        .with_columns(finding=pl.lit("without_price"), usd=pl.lit(None, dtype=USD))
        .pipe(conform, Findings)
        .sort("chain", "contract")
    )
