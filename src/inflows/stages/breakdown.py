"""What a total is made of: parts that add up to its last digit, what it leaves out, its largest flows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from inflows.contracts.names import RECEIVED
from inflows.contracts.schema import USD
from inflows.stages.attribute import attribute_received, attribute_side, daily_weights
from inflows.stages.total import exact_sums, owners

CELL: Final = ("exchange", "chain", "contract", "symbol", "size_band")
"""What tells the cells of a total apart, beside the day."""

PARTS: Final[Mapping[str, pl.Expr]] = {
    "exchange": pl.col("exchange"),
    "chain": pl.col("chain"),
    "asset": pl.concat_str(
        pl.col("chain"),
        pl.lit(":"),
        pl.when(pl.col("contract") == "").then(pl.lit("native")).otherwise(pl.col("contract")),
    ),
    "day": pl.col("period"),
    "size_band": pl.col("size_band").fill_null("unpriced"),
}
"""Each way of taking a total apart, and the key of a cell in it."""

LARGEST: Final = 20
"""How many transactions are shown."""


def cells(daily: pl.LazyFrame, jurisdictions: pl.LazyFrame, chosen: Mapping[str, str]) -> pl.LazyFrame:
    """One total in its smallest pieces: day (`period`) and CELL, with exact dollars and counts.

    daily: contract DailyFacts, of the period and level alone. chosen: jurisdiction, basis, scope.
    """
    return (
        exact_sums(daily, jurisdictions, "day", CELL)
        .filter(*(pl.col(name) == value for name, value in chosen.items()))
        .select(
            "period",
            *CELL,
            "inflow_usd",
            "inflow_transfers",
            "unlisted_inflow_transfers",
            "priced_transfers",
        )
    )


def parts(pieces: pl.DataFrame, total: Decimal) -> pl.DataFrame:
    """All parts of a total: part, key, name, inflow_usd (rounded, adding up to `total`), transfers.

    transfers are those of listed assets. The largest row comes first; days stand in their order. Of a part,
    every row is rounded to 6 decimals, and the largest bears what rounding takes from the sum.
    """
    listed = pieces.filter((pl.col("inflow_usd") > 0) | (pl.col("inflow_transfers") > 0))
    return pl.concat([_part(listed, name, key, total) for name, key in PARTS.items()])


def dollars(values: pl.Series) -> Decimal:
    """The sum of exact dollars, rounded once to 6 decimals; 0 of nothing."""
    total = pl.select(pl.lit(values).sum().cast(USD)).item() if len(values) else Decimal(0)
    assert isinstance(total, Decimal)
    return total


def _part(pieces: pl.DataFrame, name: str, key: pl.Expr, total: Decimal) -> pl.DataFrame:
    shown = pl.col("symbol").first() if name == "asset" else pl.lit(None, dtype=pl.String)
    rows = (
        pieces.group_by(key.alias("key"))
        .agg(shown.alias("name"), pl.col("inflow_usd").sum().cast(USD), pl.col("inflow_transfers").sum())
        .sort(["inflow_usd", "key"], descending=[True, False])
    )
    if rows.height:
        residue = total - dollars(rows["inflow_usd"])
        bearing = pl.int_range(pl.len()) == 0
        rows = rows.with_columns(
            pl.when(bearing).then(pl.col("inflow_usd") + pl.lit(residue, dtype=USD)).otherwise("inflow_usd")
        )
    return rows.sort("key" if name == "day" else pl.int_range(pl.len()), maintain_order=True).select(
        pl.lit(name).alias("part"),
        "key",
        "name",
        pl.col("inflow_usd").cast(USD),
        transfers="inflow_transfers",
    )


def left_out(daily: pl.LazyFrame, jurisdictions: pl.LazyFrame, jurisdiction: str, basis: str) -> pl.LazyFrame:
    """What exchanges received and no scope counts, by flow type: key, inflow_usd (exact), transfers.

    The part of the jurisdiction, by the weight of the receiving exchange; transfers of listed assets.
    daily: contract DailyFacts of the period and level, or rows like it whose flow_type says why.
    """
    received = daily.filter(pl.col("to_exchange").is_not_null(), pl.col("symbol").is_not_null()).select(
        "date", "from_exchange", "to_exchange", "flow_type", "usd", "transfers"
    )
    weights = daily_weights(owners(received), jurisdictions).filter(
        pl.col("jurisdiction") == jurisdiction, pl.col("basis") == basis
    )
    return (
        received.pipe(attribute_received, weights)
        .group_by(pl.col("flow_type").alias("key"))
        .agg(pl.col("usd").sum().cast(USD).alias("inflow_usd"), pl.col("transfers").sum())
        .sort("key")
    )


def largest(
    flows: pl.LazyFrame, jurisdictions: pl.LazyFrame, chosen: Mapping[str, str], key: list[str]
) -> pl.LazyFrame:
    """The LARGEST flows by their share in a total: key, exchange, usd (that share, exact), whole_usd.

    flows: date, level, flow_type (at that level), from_exchange, to_exchange, usd, and the columns of `key`.
    """
    moved = flows.filter(pl.col("flow_type").is_in(RECEIVED), pl.col("usd") > 0).with_columns(
        listed=pl.lit(True), transfers=pl.lit(1), priced_transfers=pl.lit(1), whole_usd="usd"
    )
    weights = daily_weights(owners(moved), jurisdictions).filter(
        pl.col("jurisdiction") == chosen["jurisdiction"], pl.col("basis") == chosen["basis"]
    )
    order = ["usd", *key]
    return (
        attribute_side(moved, weights, "inflow", [*key, "exchange", "whole_usd"])
        .filter(pl.col("scope") == chosen["scope"])
        .sort(order, descending=[True, *(False for _ in key)])
        .head(LARGEST)
        .select(*key, "exchange", pl.col("usd").cast(USD), "whole_usd")
    )
