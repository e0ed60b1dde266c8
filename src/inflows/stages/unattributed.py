"""Exchanges with flows that no row of the registry of jurisdictions places under some basis."""

from __future__ import annotations

import polars as pl

from inflows.contracts.flows import Findings
from inflows.contracts.names import BASES, COUNTED
from inflows.contracts.schema import USD, conform

FINDING = "exchange_without_basis"


def without_basis(daily: pl.LazyFrame, jurisdictions: pl.LazyFrame) -> pl.LazyFrame:
    """One finding for each exchange that lacks a row under a basis, at any time (contract Findings).

    daily: contract DailyFacts; its flows into and out of the exchange at level all are counted, a transfer
    between two exchanges for each of them. detail: the exchange, and the bases that say nothing of it.
    """
    counted = daily.filter(pl.col("level") == "all", pl.col("flow_type").is_in(COUNTED))
    sides = [
        counted.select(pl.col(side).alias("exchange"), "transfers")
        for side in ("from_exchange", "to_exchange")
    ]
    flows = pl.concat(sides).filter(pl.col("exchange").is_not_null()).group_by("exchange")
    placed = jurisdictions.select("exchange", "basis").unique().with_columns(placed=pl.lit(True))
    order = pl.LazyFrame({"basis": BASES, "_order": range(len(BASES))})
    return (
        flows.agg(pl.col("transfers").sum())
        .join(order, how="cross")
        .join(placed, on=["exchange", "basis"], how="left", validate="1:1")
        .filter(pl.col("placed").is_null())
        .sort("exchange", "_order")
        .group_by("exchange", maintain_order=True)
        .agg(pl.col("basis").str.join(", "), pl.col("transfers").first())
        .select(
            "transfers",
            finding=pl.lit(FINDING),
            chain=pl.lit(""),
            contract=pl.lit(""),
            detail=pl.format("{}: {}", "exchange", "basis"),
            usd=pl.lit(None, dtype=USD),
        )
        .pipe(conform, Findings)
    )


def sentence(findings: pl.DataFrame, most: int = 5) -> str:
    """What the findings say, in one sentence: those without any basis by name (contract Findings)."""
    every = ", ".join(BASES)
    names = [detail.partition(": ") for detail in findings["detail"].sort()]
    nowhere = [exchange for exchange, _, bases in names if bases == every]
    exchanges = "1 exchange" if len(names) == 1 else f"{len(names):,} exchanges"
    said = f"{exchanges} with flows: without a row under some basis, and so under ZZ there"
    if nowhere:
        more = len(nowhere) - most
        listed = ", ".join(nowhere[:most]) + (f" and {more:,} more" if more > 0 else "")
        said += f"; under none at all: {listed}"
    return f"{said} (table meta_finding)."
