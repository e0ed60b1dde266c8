"""Where value counts: daily sums split over jurisdictions by basis, weight and day.

Weights hold for whole UTC days, have at most 9 decimals and multiply daily sums exactly. What they leave of
an exchange goes to ZZ (unattributed), so that under the scopes `exchange` and `market` every basis sums to
the same world total.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from inflows.contracts.names import BASES, BETWEEN, RECEIVED, SCOPES, SENT, UNATTRIBUTED
from inflows.contracts.schema import WEIGHT

EXACT = pl.Decimal(38, 24)
"""Dollars times a weight times one less a weight: 6 + 9 + 9 decimals; above 10^14 dollars an error."""

_MIRROR = {
    "inflow": (RECEIVED, "to_exchange", "from_exchange"),
    "outflow": (SENT, "from_exchange", "to_exchange"),
}
"""Of each side: the flow types that it is made of, whose it is, and who is at the other end."""


def daily_weights(owners: pl.LazyFrame, jurisdictions: pl.LazyFrame) -> pl.LazyFrame:
    """The weights of each (exchange, date) under every basis, ZZ included; they sum to 1.

    owners: columns exchange, date, unique. jurisdictions: contract Jurisdictions. Columns: exchange, date,
    basis, jurisdiction, weight (Decimal, above 0). Key: exchange, date, basis, jurisdiction.
    """
    stated = (
        owners.join(jurisdictions, on="exchange", how="inner")
        .filter(
            (pl.col("valid_from").is_null() | (pl.col("date") >= pl.col("valid_from")))
            & (pl.col("valid_to").is_null() | (pl.col("date") < pl.col("valid_to")))
            & (pl.col("weight") > 0)
        )
        .group_by("exchange", "date", "basis", "jurisdiction")
        .agg(pl.col("weight").sum())
    )
    attributed = stated.group_by("exchange", "date", "basis").agg(pl.col("weight").sum().alias("_stated"))
    rest = (
        owners.join(pl.LazyFrame({"basis": list(BASES)}), how="cross")
        .join(attributed, on=["exchange", "date", "basis"], how="left", validate="1:1")
        .select(
            "exchange",
            "date",
            "basis",
            pl.lit(UNATTRIBUTED).alias("jurisdiction"),
            (1 - pl.col("_stated").fill_null(0)).cast(WEIGHT).alias("weight"),
        )
        .filter(pl.col("weight") > 0)
    )
    return pl.concat([stated.select(rest.collect_schema().names()), rest])


def attribute_side(
    sums: pl.LazyFrame, weights: pl.LazyFrame, side: str, by: Sequence[str] = ()
) -> pl.LazyFrame:
    """Split daily sums over jurisdictions for one side (`inflow` or `outflow`), under all three scopes.

    sums: date, level, flow_type, from_exchange, to_exchange, listed, transfers, priced_transfers, usd.
    weights: what daily_weights makes. Result: date, level, basis, scope, jurisdiction, listed, usd (exact),
    transfers, priced_transfers; a transfer counts 1 in each jurisdiction with a share above 0. by: further
    columns of sums to keep; `exchange` is the one that received, or sent.
    """
    flow_types, mine, other = _MIRROR[side]
    moved = sums.filter(pl.col("flow_type").is_in(flow_types))
    placed = moved.join(
        weights.rename({"exchange": mine, "weight": "_mine"}), on=[mine, "date"], how="inner"
    ).join(
        weights.rename({"exchange": other, "weight": "_other"}),
        on=[other, "date", "basis", "jurisdiction"],
        how="left",
        validate="m:1",
    )
    kept = [pl.col(mine).alias("exchange") if name == "exchange" else pl.col(name) for name in by]
    return pl.concat([_scoped(placed, scope, kept) for scope in SCOPES])


def attribute_received(sums: pl.LazyFrame, weights: pl.LazyFrame) -> pl.LazyFrame:
    """Split what exchanges received over jurisdictions, whatever it is: nothing is left out by its type.

    sums: date, to_exchange, usd and any others; what has no to_exchange is nowhere. Added: basis,
    jurisdiction; usd is the part that falls to the jurisdiction (exact).
    """
    mine = weights.rename({"exchange": "to_exchange", "weight": "_mine"})
    part = pl.col("usd").cast(EXACT) * pl.col("_mine").cast(EXACT)
    return sums.join(mine, on=["to_exchange", "date"], how="inner").with_columns(usd=part).drop("_mine")


def _scoped(placed: pl.LazyFrame, scope: str, kept: list[pl.Expr]) -> pl.LazyFrame:
    """One scope: inter-exchange value counts whole, as far as it left the jurisdiction, or not at all."""
    between = pl.col("flow_type").is_in(BETWEEN)
    elsewhere = {
        "exchange": pl.lit(1).cast(EXACT),
        "jurisdiction": (1 - pl.col("_other").fill_null(0)).cast(EXACT),
        "market": pl.lit(0).cast(EXACT),
    }[scope]
    share = pl.col("_mine").cast(EXACT) * pl.when(between).then(elsewhere).otherwise(pl.lit(1).cast(EXACT))
    return (
        placed.with_columns(share.alias("_share"))
        .filter(pl.col("_share") > 0)
        .select(
            "date",
            "level",
            "basis",
            pl.lit(scope).alias("scope"),
            "jurisdiction",
            "listed",
            "transfers",
            "priced_transfers",
            *kept,
            (pl.col("usd").cast(EXACT) * pl.col("_share")).alias("usd"),
        )
    )
