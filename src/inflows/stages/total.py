"""From daily facts to half-year totals: in, out, net, how much was priced, and the change on the year."""

from __future__ import annotations

import polars as pl

from inflows.contracts.flows import Totals
from inflows.contracts.schema import USD, conform
from inflows.periods import half_year, year_before
from inflows.stages.attribute import attribute_side, daily_weights

_KEY = ["period", "jurisdiction", "basis", "scope", "level"]


def half_year_totals(daily: pl.LazyFrame, jurisdictions: pl.LazyFrame) -> pl.LazyFrame:
    """Totals by half-year, jurisdiction, basis, scope and level (Totals without coverage and vintage facts).

    daily: contract DailyFacts. jurisdictions: contract Jurisdictions. Sums are exact decimals and are rounded
    once, half to even, to 6 decimals; net is the difference of what is printed.
    """
    # Used on several ways below: without a cache each of them would read everything again.
    sums = _reduced(daily).cache()
    weights = daily_weights(_owners(sums), jurisdictions).cache()
    sides = [
        attribute_side(sums, weights, side).with_columns(side=pl.lit(side)) for side in ("inflow", "outflow")
    ]
    inward, listed = pl.col("side") == "inflow", pl.col("listed")
    return (
        pl.concat(sides)
        .with_columns(period=half_year(pl.col("date")))
        .group_by(_KEY)
        .agg(
            inflow_usd=pl.col("usd").filter(inward).sum(),
            outflow_usd=pl.col("usd").filter(~inward).sum(),
            inflow_transfers=pl.col("transfers").filter(inward & listed).sum(),
            outflow_transfers=pl.col("transfers").filter(~inward & listed).sum(),
            unlisted_inflow_transfers=pl.col("transfers").filter(inward & ~listed).sum(),
            priced=pl.col("priced_transfers").filter(inward).sum(),
        )
        .cache()
        .pipe(_with_ratio_on_year)  # of the exact sums, before they are rounded
        .with_columns(pl.col("inflow_usd", "outflow_usd").cast(USD))
        .with_columns(
            net_usd=pl.col("inflow_usd") - pl.col("outflow_usd"),
            priced_share=pl.when(pl.col("inflow_transfers") > 0).then(
                pl.col("priced") / pl.col("inflow_transfers")
            ),
        )
        .sort(_KEY)
    )


def finished(totals: pl.LazyFrame, periods: pl.LazyFrame, *, simulated: bool) -> pl.LazyFrame:
    """Add what is known of each period (columns period, coverage_share, partial) and of the inputs."""
    return (
        totals.join(periods, on="period", how="left", validate="m:1")
        .with_columns(simulated=pl.lit(simulated))
        .sort(_KEY)
        .pipe(conform, Totals)
    )


def _reduced(daily: pl.LazyFrame) -> pl.LazyFrame:
    """Daily sums without chain and asset, but for whether the asset is listed."""
    return (
        daily.filter(pl.col("flow_type").is_in(("inflow", "outflow", "inter_exchange")))
        .with_columns(listed=pl.col("symbol").is_not_null())
        .group_by("date", "level", "flow_type", "from_exchange", "to_exchange", "listed")
        .agg(pl.col("transfers").sum(), pl.col("priced_transfers").sum(), pl.col("usd").sum())
    )


def _owners(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Every exchange that takes part on a day, once."""
    sides = [sums.select(pl.col(side).alias("exchange"), "date") for side in ("from_exchange", "to_exchange")]
    return pl.concat(sides).filter(pl.col("exchange").is_not_null()).unique()


def _with_ratio_on_year(totals: pl.LazyFrame) -> pl.LazyFrame:
    """Add inflow_ratio_on_year: to the same half a year before; null where there was nothing."""
    before = totals.select(*_KEY, pl.col("inflow_usd").alias("_before"))
    ratio = pl.col("inflow_usd").cast(pl.Float64) / pl.col("_before").cast(pl.Float64)
    return (
        totals.with_columns(_year_before=year_before(pl.col("period")))
        .join(before, left_on=["_year_before", *_KEY[1:]], right_on=_KEY, how="left", validate="m:1")
        .with_columns(inflow_ratio_on_year=pl.when(pl.col("_before") != 0).then(ratio))
        .drop("_year_before", "_before")
    )
