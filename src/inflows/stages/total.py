"""From daily facts to totals by period: in, out, net, how much was priced, and how it stands to others."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from inflows.contracts.flows import Totals
from inflows.contracts.names import COUNTED, UNATTRIBUTED
from inflows.contracts.schema import USD, conform
from inflows.periods import HALF, first_day, period_of, previous, year_before
from inflows.stages.attribute import attribute_side, daily_weights

KEY = ("period", "jurisdiction", "basis", "scope", "level")


def period_totals(
    daily: pl.LazyFrame, jurisdictions: pl.LazyFrame, grain: str = HALF, by: Sequence[str] = ()
) -> pl.LazyFrame:
    """Totals by period, jurisdiction, basis, scope and level (Totals without coverage and vintage facts).

    daily: contract DailyFacts, and what else `by` names. jurisdictions: contract Jurisdictions. by: further
    columns that make the key finer: any of the daily facts, and `exchange`, the one that received or sent.
    Sums are exact decimals and are rounded once, half to even, to 6 decimals; net and changes are differences
    of what is printed, ratios and shares are of the exact sums.
    """
    key = [*KEY, *by]
    return (
        exact_sums(daily, jurisdictions, grain, by)
        .cache()
        .pipe(_with_those_before, key, grain)
        .pipe(_with_place, key)
        .with_columns(
            pl.col("inflow_usd", "outflow_usd", "_previous", "_year_before").cast(USD),
            priced_share=pl.when(pl.col("inflow_transfers") > 0).then(
                pl.col("priced_transfers") / pl.col("inflow_transfers")
            ),
        )
        .with_columns(
            net_usd=pl.col("inflow_usd") - pl.col("outflow_usd"),
            inflow_change_on_previous_usd=pl.col("inflow_usd") - pl.col("_previous"),
            inflow_change_on_year_usd=pl.col("inflow_usd") - pl.col("_year_before"),
        )
        .drop("_start", "_previous", "_year_before")
        .sort(key, nulls_last=True)
    )


def exact_sums(
    daily: pl.LazyFrame, jurisdictions: pl.LazyFrame, grain: str = HALF, by: Sequence[str] = ()
) -> pl.LazyFrame:
    """The sums of period_totals before they are rounded: dollars with all their decimals, and counts.

    Columns: the key, _start (the period's first day), inflow_usd, outflow_usd, inflow_transfers,
    outflow_transfers, unlisted_inflow_transfers, priced_transfers.
    """
    # Used on several ways below: without a cache each of them would read everything again.
    sums = daily.pipe(_reduced, by).cache().pipe(_in_stretches, jurisdictions, grain, by).cache()
    weights = daily_weights(owners(sums), jurisdictions).cache()
    sides = [
        attribute_side(sums, weights, side, by).with_columns(side=pl.lit(side))
        for side in ("inflow", "outflow")
    ]
    inward, listed = pl.col("side") == "inflow", pl.col("listed")
    return (
        pl.concat(sides)
        .with_columns(
            period=period_of(pl.col("date"), grain),
            _start=first_day(pl.col("date"), grain),
        )
        .group_by(*KEY, *by, "_start")
        .agg(
            inflow_usd=pl.col("usd").filter(inward).sum(),
            outflow_usd=pl.col("usd").filter(~inward).sum(),
            inflow_transfers=pl.col("transfers").filter(inward & listed).sum(),
            outflow_transfers=pl.col("transfers").filter(~inward & listed).sum(),
            unlisted_inflow_transfers=pl.col("transfers").filter(inward & ~listed).sum(),
            priced_transfers=pl.col("priced_transfers").filter(inward).sum(),
        )
    )


def finished(
    totals: pl.LazyFrame, periods: pl.LazyFrame, *, simulated: bool, by: Sequence[str] = ()
) -> pl.LazyFrame:
    """Add what is known of each period (columns of coverage.period_coverage) and of the inputs."""
    told = totals.join(periods, on="period", how="left", validate="m:1").with_columns(
        simulated=pl.lit(simulated)
    )
    order = [*KEY, *by]
    if not by:
        return told.sort(order).pipe(conform, Totals)
    columns = [*order, *(name for name in Totals.columns() if name not in KEY)]
    return told.sort(order, nulls_last=True).select(columns)


def owners(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Every exchange that takes part on a day, once (columns exchange, date)."""
    sides = [sums.select(pl.col(side).alias("exchange"), "date") for side in ("from_exchange", "to_exchange")]
    return pl.concat(sides).filter(pl.col("exchange").is_not_null()).unique()


def _reduced(daily: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Daily sums without chain and asset (unless they are asked for), but for whether the asset is listed."""
    counted = daily.filter(pl.col("flow_type").is_in(COUNTED))
    return _added_up(counted.with_columns(listed=pl.col("symbol").is_not_null()), by)


def _in_stretches(
    sums: pl.LazyFrame, jurisdictions: pl.LazyFrame, grain: str, by: Sequence[str]
) -> pl.LazyFrame:
    """Add up the days of a period in which no weight changes; date becomes the first of such a stretch.

    Weights multiply sums of whole days exactly, so the sum of the products is the product of the sum.
    """
    changes = [jurisdictions.select(_since=name) for name in ("valid_from", "valid_to")]
    days = sums.select("date").unique().sort("date")
    stretches = days.join_asof(
        pl.concat(changes).drop_nulls().unique().sort("_since"), left_on="date", right_on="_since"
    ).select("date", _first=pl.max_horizontal(first_day(pl.col("date"), grain), "_since"))
    return (
        sums.join(stretches, on="date", how="left", validate="m:1")
        .drop("date")
        .rename({"_first": "date"})
        .pipe(_added_up, by)
    )


def _added_up(sums: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    further = [name for name in by if name != "exchange"]
    return sums.group_by(
        "date", "level", "flow_type", "from_exchange", "to_exchange", "listed", *further
    ).agg(pl.col("transfers", "priced_transfers", "usd").sum())


def _with_those_before(totals: pl.LazyFrame, key: Sequence[str], grain: str) -> pl.LazyFrame:
    """Add _previous and _year_before, the inflow of the period before and of the same one a year before.

    Where such a period holds data, but none of the row's own, it is 0; where it holds none at all, null. The
    ratios to them (2.9 means 2.9 times) are null in both cases.
    """
    earlier = totals.select(*key, _before="inflow_usd")
    held = totals.select("period", _held=pl.lit(True)).unique()
    for name, which in (("_previous", previous), ("_year_before", year_before)):
        totals = (
            totals.with_columns(_which=which(pl.col("_start"), grain))
            .join(
                earlier,
                left_on=["_which", *key[1:]],
                right_on=list(key),
                how="left",
                validate="m:1",
                nulls_equal=True,
            )
            .join(held, left_on="_which", right_on="period", how="left", validate="m:1")
            .with_columns(
                pl.when(pl.col("_held")).then(pl.col("_before").fill_null(0)).alias(name),
                _ratio(pl.col("inflow_usd"), pl.col("_before")).alias(f"inflow_ratio_on{name}"),
            )
            .drop("_which", "_held", "_before")
        )
    return totals.rename({"inflow_ratio_on_year_before": "inflow_ratio_on_year"})


def _with_place(totals: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Add inflow_rank and share_of_world among the jurisdictions, and strict_share among the levels.

    ZZ has no rank, and is part of the world.
    """
    selection = [name for name in key if name != "jurisdiction"]
    received = pl.col("inflow_usd").cast(USD)  # with all its decimals, the world's sum has little room
    named = pl.when(pl.col("jurisdiction") != UNATTRIBUTED).then(pl.col("inflow_usd"))
    strict = totals.filter(pl.col("level") == "strict").select(
        *(name for name in key if name != "level"), _strict="inflow_usd"
    )
    return (
        totals.join(
            strict,
            on=[name for name in key if name != "level"],
            how="left",
            validate="m:1",
            nulls_equal=True,
        )
        .with_columns(
            inflow_rank=named.rank("min", descending=True).over(selection).cast(pl.Int64),
            share_of_world=_ratio(received, received.sum().over(selection)),
            strict_share=_ratio(pl.col("_strict").fill_null(0), pl.col("inflow_usd")),
        )
        .drop("_strict")
    )


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A quotient as a number; null where there is nothing to divide by."""
    return pl.when(whole != 0).then(part.cast(pl.Float64) / whole.cast(pl.Float64))
