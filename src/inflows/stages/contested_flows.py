"""The flows of contested addresses: what would count if sources agreed on whose they are.

A contested address counts for no exchange, so what it receives and sends is no flow, or only one of the other
side's. Here it is an exchange of its own (wallets.contested_wallets) and goes through the same stages: what
is then an inflow, an outflow, or a transfer between it and an exchange is its contested value.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.contracts.flows import ContestedDaily
from inflows.contracts.names import COUNTED, LEVELS
from inflows.contracts.schema import conform
from inflows.stages.aggregate import believed
from inflows.stages.wallets import OWNER_UNKNOWN

_KEY: Final = ("date", "chain", "address", "level")


def contested_as_owners(wallets: pl.DataFrame, contested: pl.DataFrame) -> pl.DataFrame:
    """The wallets of a chain, where each contested address is an exchange of its own."""
    uncontested = wallets.join(contested.select("address").unique(), on="address", how="anti")
    return pl.concat([uncontested, contested])


def contested_daily(classified: pl.LazyFrame) -> pl.LazyFrame:
    """What contested addresses received and sent on each day, of listed assets (contract ContestedDaily).

    classified: what classify_transfers or the netting makes with the wallets of contested_as_owners, priced.
    """
    rows = classified.pipe(believed).filter(pl.col("symbol").is_not_null())
    sides = [_of(rows, level, side) for level in LEVELS for side in ("from", "to")]
    sums = ("inflow_usd", "outflow_usd", "inflow_transfers", "outflow_transfers", "priced_transfers")
    return (
        pl.concat(sides, how="diagonal")
        .group_by(_KEY)
        .agg(pl.col(name).sum() for name in sums)
        .pipe(conform, ContestedDaily)
        .sort(_KEY)
    )


def notes(daily: pl.DataFrame) -> list[str]:
    """What a reader of totals should know of daily facts of contested addresses (contract ContestedDaily)."""
    base = daily.filter(pl.col("level") == "base")
    if base.is_empty():
        return []
    addresses = base.select("chain", "address").n_unique()
    these = "1 contested address counts" if addresses == 1 else f"{addresses:,} contested addresses count"
    received = base["inflow_usd"].sum()
    return [f"{these} for no exchange, and received ${received:,.0f} (table rpt_contested)."]


def _of(rows: pl.LazyFrame, level: str, side: str) -> pl.LazyFrame:
    """The movements of which a contested address is this side, at a level."""
    # On account chains the names are an Enum.
    owner = pl.col(f"{side}_exchange_{level}").cast(pl.String)
    flow = "inflow" if side == "to" else "outflow"
    return rows.filter(
        pl.col(f"flow_type_{level}").is_in(COUNTED), owner.str.starts_with(OWNER_UNKNOWN)
    ).select(
        "chain",
        pl.col("usd").alias(f"{flow}_usd"),
        pl.lit(1, dtype=pl.Int64).alias(f"{flow}_transfers"),
        date=pl.col("block_time").dt.date(),
        address=owner.str.strip_prefix(OWNER_UNKNOWN),
        level=pl.lit(level),
        priced_transfers=pl.col("usd").is_not_null().cast(pl.Int64),
    )
