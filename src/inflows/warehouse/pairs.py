"""Two jurisdictions side by side in one period, whatever its length."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from inflows.contracts.schema import USD
from inflows.layout import Layout
from inflows.periods import HALF, grain_of, period_named
from inflows.warehouse.slices import read_slices
from inflows.warehouse.totals import HELD, choose, known_jurisdictions, read_all_totals, read_totals


def compare(
    source: Layout | Path | str,
    jurisdiction: str,
    other: str,
    period: str,
    basis: str = "licence",
    scope: str = "exchange",
    level: str = "base",
) -> pl.DataFrame:
    """One row: the inflow of two jurisdictions, their ratio, and each one's ratio on the year.

    A jurisdiction without flows in the period has received 0; the ratio to 0 is null (`nothing_because` says
    why). Half-years come from the published table or the totals.parquet of a vintage, other periods from the
    daily facts of a database.
    """
    period = period_named(period)
    (jurisdiction,), (other,) = (known_jurisdictions([place]) for place in (jurisdiction, other))
    of_period = totals_of_period(source, period, basis, scope, level)
    rows = {row["jurisdiction"]: row for row in of_period.iter_rows(named=True)}
    mine: dict[str, Any] = rows.get(jurisdiction, {})
    theirs: dict[str, Any] = rows.get(other, {})
    # What is held of a period is the same whatever the basis: it is told where this one has no row, too.
    every = choose(read_all_totals(source), period, ()) if grain_of(period) == HALF else of_period
    known = every.row(0, named=True)
    inflow = mine.get("inflow_usd", Decimal(0))
    other_inflow = theirs.get("inflow_usd", Decimal(0))
    row = {
        "period": period,
        "jurisdiction": jurisdiction,
        "other": other,
        "basis": basis,
        "scope": scope,
        "level": level,
        "inflow_usd": inflow,
        "other_inflow_usd": other_inflow,
        "ratio": float(inflow / other_inflow) if other_inflow else None,
        "inflow_ratio_on_year": mine.get("inflow_ratio_on_year"),
        "other_inflow_ratio_on_year": theirs.get("inflow_ratio_on_year"),
        **{name: known[name] for name in HELD},
        "simulated": known["simulated"],
    }
    ratios = dict.fromkeys(("ratio", "inflow_ratio_on_year", "other_inflow_ratio_on_year"), pl.Float64())
    amounts = dict.fromkeys(("inflow_usd", "other_inflow_usd"), USD)
    return pl.DataFrame([row], schema_overrides={**ratios, **amounts, **HELD})


def both_places(of_period: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """The totals of two places in their order, of every level; a place without flows has received 0."""
    kept = [of_period.filter(jurisdiction=place) for place in dict.fromkeys((first, second))]
    for number, place in enumerate(dict.fromkeys((first, second))):
        if kept[number].is_empty():
            nothing = [pl.lit(0, dtype=of_period.schema[name]).alias(name) for name in _SUMS]
            unknown = [pl.lit(None, dtype=of_period.schema[name]).alias(name) for name in _RATIOS]
            alike = of_period.unique("level", keep="first", maintain_order=True)
            kept[number] = alike.with_columns(pl.lit(place).alias("jurisdiction"), *nothing, *unknown)
    return pl.concat(kept)


_SUMS: Final = (
    *("inflow_usd", "outflow_usd", "net_usd"),
    *("inflow_transfers", "outflow_transfers", "unlisted_inflow_transfers"),
)
_RATIOS: Final = ("priced_share", "inflow_ratio_on_year", "inflow_rank", "share_of_world")


def totals_of_period(
    source: Layout | Path | str, period: str, basis: str, scope: str, level: str | None
) -> pl.DataFrame:
    """The totals of all jurisdictions in a period of any length; level None: of every level."""
    if grain_of(period) == HALF:
        return read_totals(source, period, basis=basis, scope=scope, level=level)
    return read_slices(source, period=period, basis=basis, scope=scope, level=level)


def nothing_because(totals: pl.DataFrame, place: str, period: str, basis: str) -> str:
    """Why a jurisdiction has no inflow in a period, in a sentence; empty where it has.

    totals: those of the period (totals_of_period).
    """
    row = next(totals.filter(jurisdiction=place).iter_rows(named=True), None)
    if row is None:
        return f"{place} received nothing in {period}: no exchange with flows counts there by basis {basis}."
    if row["inflow_usd"]:
        return ""
    if row["inflow_transfers"] and not row["priced_share"]:
        return (
            f"{place} received {row['inflow_transfers']:,} transfers in {period}, and nothing is priced: "
            "bring prices with `inflows prices fetch` or `prices import`."
        )
    return f"{place} received nothing in {period}: its exchanges by basis {basis} only sent."
